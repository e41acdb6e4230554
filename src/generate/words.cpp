#include "generate/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace meter::generate {
namespace {

constexpr std::array<std::string_view, concept_count> concept_names{
    "generic", "title",    "price",  "old_price",    "url",         "image", "date",
    "author",  "count",    "rating", "location",     "description", "sku",   "brand",
    "company", "category", "salary", "availability", "duration",    "phone", "email"};

struct ConceptWords {
    Concept concept_of;
    std::string_view words;
};

/// What people say. Singular where the plural means the same.
constexpr ConceptWords asked_words[] = {
    {Concept::title,
     "title name headline heading subject topic case clan username pokemon dataset identifier film "
     "caption"},
    {Concept::price, "price cost fare fee amount pricing"},
    {Concept::old_price, "previous old rrp msrp"},
    {Concept::url, "url link href permalink uri"},
    {Concept::image, "image picture photo thumbnail cover img logo avatar poster_image"},
    {Concept::date, "date posted published time when joined deadline visit start updated created"},
    {Concept::author,
     "author user poster reviewer starter composer client commented judge byline writer artist seller "
     "started who owner"},
    {Concept::count,
     "comment comments reply replies view views hit hits review reviews answer answers point points "
     "post posts number vote votes total rank bid bids room rooms upvotes likes downloads followers "
     "members shares"},
    {Concept::rating, "rating score star ratings scores stars"},
    {Concept::location, "location address place city town venue area region country neighborhood neighbourhood"},
    {Concept::description,
     "description summary excerpt snippet text brief preview message specs body content intro "
     "abstract teaser"},
    {Concept::sku, "sku article mpn isbn ean gtin"},
    {Concept::brand, "brand manufacturer maker"},
    {Concept::company, "company agency provider employer authority court organization organisation publisher"},
    {Concept::category, "category cuisine type genre status tag section"},
    {Concept::salary, "salary pay wage compensation"},
    {Concept::availability, "availability delivery stock"},
    {Concept::duration, "duration length runtime"},
    {Concept::phone, "phone telephone tel mobile fax"},
    {Concept::email, "email mail"},
};

/// What pages say: English, then words that are common in class names and labels of other languages.
constexpr ConceptWords page_word_table[] = {
    {Concept::title,
     "title name headline subject topic heading product caption question thread titel titre titulo "
     "título titolo nazwa naam nom nome nombre název betreff sujet asunto oggetto tytuł тема "
     "название заголовок наименование 件名 タイトル"},
    {Concept::price,
     "price cost amount salesprice theprice saleprice preis prix precio preço prezzo prijs cena pris "
     "цена стоимость hinta fiyat ár preco 価格"},
    {Concept::old_price,
     "old was regular list rrp original previous strike before crossed msrp uvp statt alt barre "
     "ancien anterior"},
    {Concept::url, "url link href permalink detail page"},
    {Concept::image, "image img picture photo thumbnail thumb poster avatar cover logo bild foto"},
    {Concept::date,
     "date time posted published datetime pubdate created updated when day dateposted datepublished "
     "deadline filed datum fecha data дата zeit publicado publié veröffentlicht geplaatst 投稿日 日付 "
     "joined registered last visit"},
    {Concept::author,
     "author by user username poster reviewer byline creator starter writer member client owner "
     "composer artist autor auteur autore автор von door par por di 投稿者 作成者 startedby "
     "nickname"},
    {Concept::count,
     "count number num comment comments reply replies answer view views hit hits review vote post point "
     "score star like bid antworten réponses respuestas risposte odpowiedzi ответы ответов просмотры "
     "просмотров vues visitas visite zugriffe aufrufe reacties kommentare commentaires comentarios "
     "commenti 閲覧 閲覧数 返信 返信数"},
    {Concept::rating,
     "rating score star ratingvalue rank rate percent bewertung note voto puntuación beoordeling "
     "оценка grade mark"},
    {Concept::location,
     "location address place city town where venue area region street locality neighborhood ort "
     "adresse adres dirección lieu ville plaats luogo indirizzo miasto адрес город 勤務地 場所 住所"},
    {Concept::description,
     "description desc summary excerpt snippet text body content brief teaser preview intro "
     "message review reviewbody articlebody abstract beschreibung inhalt descripción texto "
     "testo opis описание texte omschrijving"},
    {Concept::sku,
     "sku article artikel art mpn model id code item productid ref reference kod kód код "
     "artikelnummer isbn ean"},
    {Concept::brand, "brand manufacturer maker company vendor marke hersteller marque marca merk marka бренд"},
    {Concept::company,
     "company employer organization hiringorganization agency provider authority firm seller store "
     "unternehmen firma entreprise empresa azienda bedrijf 会社 会社名 organisation"},
    {Concept::category,
     "category cat tag section type genre cuisine kind kategorie catégorie categoría categoria "
     "rubrik rubrique категория рубрика label badge status"},
    {Concept::salary,
     "salary pay wage compensation gehalt lohn salaire salario stipendio зарплата 給与 時給 月給 年収"},
    {Concept::availability,
     "availability stock available instock delivery shipping lieferzeit lieferung livraison "
     "disponibilité disponibilidad dostupnost наличие verfügbar lieferbar levertijd"},
    {Concept::duration, "duration length runtime time dauer durée duración länge"},
    {Concept::phone, "phone tel telephone mobile fax telefon téléphone teléfono"},
    {Concept::email, "email mail"},
};

struct WordTables {
    std::vector<std::pair<std::string_view, Concept>> asked;  ///< sorted by word
    std::array<std::vector<std::string_view>, concept_count> page;

    WordTables() {
        for (const ConceptWords& row : asked_words)
            split(row.words, [&](std::string_view word) { asked.emplace_back(word, row.concept_of); });
        std::stable_sort(asked.begin(), asked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const ConceptWords& row : page_word_table)
            split(row.words,
                  [&](std::string_view word) { page[static_cast<std::size_t>(row.concept_of)].push_back(word); });
    }

    template <class Use>
    static void split(std::string_view words, Use&& use) {
        std::size_t at = 0;
        while ((at = words.find_first_not_of(' ', at)) != std::string_view::npos) {
            const std::size_t stop = std::min(words.find(' ', at), words.size());
            use(words.substr(at, stop - at));
            at = stop;
        }
    }
};

const WordTables& word_tables() {
    static const WordTables tables;
    return tables;
}

}  // namespace

std::string_view to_string(Concept concept_of) noexcept {
    return concept_names[static_cast<std::size_t>(concept_of)];
}

Concept concept_of_word(std::string_view word) {
    const auto& asked = word_tables().asked;
    const auto look = [&](std::string_view text) {
        const auto found = std::lower_bound(asked.begin(), asked.end(), text,
                                            [](const auto& row, std::string_view key) { return row.first < key; });
        return found != asked.end() && found->first == text ? found->second : Concept::generic;
    };
    const Concept as_is = look(word);
    return as_is != Concept::generic ? as_is : look(singular(word));
}

const std::vector<std::string_view>& page_words(Concept concept_of) {
    return word_tables().page[static_cast<std::size_t>(concept_of)];
}

std::string singular(std::string_view word) {
    std::string out(word);
    if (out == "ads" || out == "ids") return out.substr(0, 2);
    if (out.size() <= 3 || !out.ends_with('s') || out.ends_with("ss") || out.ends_with("us") || out.ends_with("is") ||
        out == "series" || out == "news")
        return out;
    if (out.ends_with("ies") && out.size() > 4) return out.substr(0, out.size() - 3) + "y";
    for (const std::string_view ending : {"sses", "xes", "ches", "shes"})
        if (out.ends_with(ending)) return out.substr(0, out.size() - 2);
    out.pop_back();
    return out;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
    return words;
}

}  // namespace meter::generate
