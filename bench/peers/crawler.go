// The work of bench_jobs without a store, in Go: 16 goroutines fetch, goquery extracts, SHA-256 of the items' JSON.
// usage: crawler BASE_URL PAGES; prints pages, items, CPU and wall seconds as one JSON line.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/PuerkitoBio/goquery"
)

type item struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Price string `json:"price"`
	Image string `json:"image"`
	Stock string `json:"stock"`
}

func resolved(base *url.URL, reference string) string {
	parsed, err := base.Parse(reference)
	if err != nil {
		return reference
	}
	return parsed.String()
}

func main() {
	base := os.Args[1]
	pages, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 30 * time.Second}
	var items, done int64
	numbers := make(chan int)
	var group sync.WaitGroup
	for worker := 0; worker < 16; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for number := range numbers {
				address := fmt.Sprintf("%s/%d.html", base, number)
				response, err := client.Get(address)
				if err != nil {
					panic(err)
				}
				document, err := goquery.NewDocumentFromReader(response.Body)
				response.Body.Close()
				if err != nil {
					panic(err)
				}
				from, _ := url.Parse(address)
				found := []item{}
				document.Find("li.product").Each(func(_ int, product *goquery.Selection) {
					link := product.Find("h2 a")
					found = append(found, item{
						Name:  link.Text(),
						URL:   resolved(from, link.AttrOr("href", "")),
						Price: product.Find(".price").Text(),
						Image: resolved(from, product.Find(".media img").AttrOr("src", "")),
						Stock: product.Find(".stock").Text(),
					})
				})
				text, _ := json.Marshal(found)
				sha256.Sum256(text)
				atomic.AddInt64(&items, int64(len(found)))
				atomic.AddInt64(&done, 1)
			}
		}()
	}
	for number := 0; number < pages; number++ {
		numbers <- number
	}
	close(numbers)
	group.Wait()
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	fmt.Printf("{\"pages\":%d,\"items\":%d,\"cpu\":%.4f,\"wall\":%.4f}\n", done, items,
		seconds(usage.Utime)+seconds(usage.Stime), time.Since(began).Seconds())
}
