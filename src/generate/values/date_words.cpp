#include "generate/values/date_words.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/unicode.hpp"
#include "generate/values/number_scan.hpp"

namespace meter::generate::detail {
namespace {

using Kind = DateWord::Kind;

/// Months by number: words as plain_word() leaves them, "*" for any ending. Stems serve all the languages that share
/// them. Source: CLDR 44 month names (wide, abbreviated, stand-alone) of the languages named in the comments.
constexpr std::array<std::string_view, 12> month_stems{
    // Latin (en de fr es it pt nl sv da nb fi pl cs sk hu ro hr sl tr az uz lt lv et ca gl eu ga cy sq id ms tl vi mt
    // af
    // is sw eo), Cyrillic (ru uk be bg sr mk kk ky mn), Greek, Georgian, Armenian, Arabic and Persian, Hebrew, Thai,
    // Devanagari (hi mr ne), Bengali, Tamil, Telugu, Gujarati, Gurmukhi, Kannada, Malayalam, Urdu
    "jan janv* janu* janeiro janar* janner* janner janviye jaan* gen genn* gener ene* xan* ian* sty* led ledn* leden "
    "sij sijec* oca ocak tammi* sau saus* urt* ean* ion ionawr yan* jannar "
    "янв* ян яну* січ* студз* стд јан* қаң* ιαν* იან* հունվ* "
    "يناير جانفي ژانویه جنوری ינו* มกรา* ม.ค जनवर* जानेवारी जन জানু* জানুৱাৰী ஜனவரி ஜன జనవరి જાન્યુ* ਜਨਵਰੀ ಜನವರಿ ജനുവരി",
    "feb febr* febb* febr feber febu* fev* fevr* helmi* luty lut lute* unor* uno unr velj* sub subat vas vasari* "
    "veebr* ots "
    "otsail* feabh* chwe* shk* peb* phe frar* svec* frt "
    "фев* лют* феб* ақп* февр* φεβ* თებ* փետ* "
    "فبراير فيفري فوریه فروری شباط פבר* กุมภา* ก.พ फरवर* फ़रवर* फेब्रु* फर ফেব* பிப்* ఫిబ్* ફેબ્* ਫਰਵਰੀ ਫ਼ਰਵਰੀ ಫೆಬ್* ഫെബ്*",
    "mar mars mart marts marz* marzo marc march marca marco marec martie mrt maart mrz maerz maer mae maalis* bre "
    "brez* "
    "ozu* kov kovas kovo martx* mac machi maret maw mawrth marcius marsi marsa martsa marta martius martiu martis "
    "март мар марта марті* берез* бер сак* нау* мрт μαρ* მარ* մար* "
    "مارس مارچ آذار اذار מרץ מרס มีนา* มี.ค मार्च মার্চ மார்* మార్చి માર્ચ ਮਾਰਚ ಮಾರ್ಚ್ മാർ*",
    "apr apri* aprel* abr abril avr avril* huhti* kwi kwie* dub dubn* duben tra trav* nis nisan bal baland* aib* ebr* "
    "pri prill ni apiril* ape* epreo "
    "апр* квіт* кві крас* сәу* април* απρ* აპრ* ապր* "
    "أبريل ابريل إبريل أفريل آوریل اپریل نيسان אפר* เมษา* เม.ย अप्रैल एप्रिल এপ্রিল ஏப்ரல் ஏப் ఏప్రి* એપ્રિલ ਅਪ੍ਰੈਲ ಏಪ್ರಿ* ഏപ്രി*",
    "may mai maj maio mayo magg* mag mei maya maija maii touko* kve kvet* svi svib* geg* maiatz* bealt* mayis maijs "
    "majus maig meh maia maja mayu mee maaie mej "
    "май мая мај маја трав* траў* мам* маи μαι* μαϊ* მაი* մայ* մյս "
    "مايو ماي أيار مه می مئی מאי พฤษภา* พ.ค मई मे মে மே మే મે ਮਈ ಮೇ മേ*",
    "jun june juni junio junho junij* junij juin giu* cze czerw* cer cerven cervn* cvn lipanj* lipnj* haz hazir* kesa* "
    "birz* juuni* eka ekain* meith* mehef* qer* hun huny* iun* iyun* iyn xun xuno juny* junius junuar junis juin hunyo "
    "rozp* jn juno juna "
    "июн* юни юн јун* черв* чер чэрв* чэр мау* іюн* ιουν* ივნ* հունի* "
    "يونيو يونيه جوان ژوئن جون حزيران יוני มิถุนา* มิ.ย जून জুন ஜூன் జూన్ જૂન ਜੂਨ ಜೂನ್ ജൂ*",
    "jul july juli julio julho julij* juil* lug* lip lipiec lipca cervenec cervence cvc srpanj* srpnj* tem temm* "
    "heina* "
    "liep* juuli* uzt* iuil gorff* gor korr* hul huly* iul* iyul* iyl xul* juliol julius juliu julis juila "
    "июл* юли юл јул* лип* ліп* шіл* іюл* ιουλ* ივლ* հուլ* "
    "يوليو يوليه جويلية ژوئیه جولائی تموز יולי กรกฎา* ก.ค जुलाई जुलै জুলাই ஜூலை జూలై జులై જુલાઈ ਜੁਲਾਈ ಜುಲೈ ജൂലൈ",
    "aug augu* ago agost* aou aout sie sierp* srp srpen srpna elo elok* rugp* abu* lunasa aws* gus gush* avg avgu* agu "
    "agus* ags ogo* ogos avq* awg awgus* kol kolov* agus awwis* oust ag "
    "авг* серп* сер жні* там* агуст αυγ* აგვ* օգո* "
    "أغسطس اغسطس أوت اوت اگست آب אוג* สิงหา* ส.ค अगस्त ऑगस्ट আগ* ஆக* ఆగ* ઑગ* ઓગ* ਅਗਸਤ ಆಗ* ഓഗ*",
    "sep sept septem* septiem* sept* set sete* sett* seti* sety* wrz* zari zar ruj ruja* rujn* eyl eyl* syys* rugs* "
    "ira irail* mfomh* medi sht* sent* szept* szep tisri "
    "сен* сент* сеп* верас* верес* вер қыр* σεπ* სექ* սեպ* "
    "سبتمبر سپتامبر ستمبر أيلول ايلول ספט* กันยา* ก.ย सितंबर सितम्बर सप्टें* সেপ* செப்* సెప్* સપ્ટે* ਸਤੰਬਰ ಸೆಪ್* സെപ്*",
    "okt okto* oktob* oct octo* octu* ochob* out outu* ott otto* paz* rij rijen rijna eki ekim loka* spa* urr* hyd* "
    "tet tet* "
    "okt* oktyab* ouktob* "
    "окт* жов* каст* кас қаз* οκτ* ოქტ* հոկ* "
    "أكتوبر اكتوبر اکتبر اکتوبر אוק* ตุลา* ต.ค अक्टूबर अक्तूबर ऑक्टो* अक्टोबर অক্টো* அக்* అక్* ઑક્ટો* ઓક્ટો* ਅਕਤੂਬਰ ಅಕ್* ഒക്*",
    "nov nove* novem* noviem* nob* lis listop* stu stud* kas kasim marras* lap lapkr* lapkritis aza azaro* samh* tach* "
    "nen nento* noy noyab* noya* nov* nuv* pay* "
    "ноя* ное* нов* листоп* лис ліст* қар* νοε* νοεμ* ნოე* նոյ* "
    "نوفمبر نوامبر نومبر נוב* พฤศจิกา* พ.ย नवंबर नवम्बर नोव्हें* নভে* நவ* నవ* નવે* ਨਵੰਬਰ ನವೆ* നവ*",
    "dec dece* decem* dez deze* des dese* dic dici* dicie* gru grud* pro pros* ara arali* joulu* gruo* abe abend* "
    "noll* "
    "rhag* dhj* dek dekab* dis dise* disye* dez* dec* "
    "дек* дец* груд* снеж* сне жел* δεκ* დეკ* դեկ* "
    "ديسمبر دسامبر دسمبر דצמ* ธันวา* ธ.ค दिसंबर दिसम्बर डिसें* डिसेंबर ডিসে* டிச* డిసె* ડિસે* ਦਸੰਬਰ ಡಿಸೆ* ഡിസ*"};

/// Words that mean another month in one language than in the others.
struct MonthException {
    std::string_view language, stem;
    int month;
};
constexpr MonthException month_exceptions[] = {
    {"hr", "lip", 6},  {"hr", "srp", 7},  {"hr", "lis", 10}, {"hr", "listop*", 10}, {"hr", "tra", 4},
    {"fi", "mar", 11}, {"eu", "aza", 11}, {"lt", "lap", 11}, {"cs", "cer", 6},      {"sr", "lip", 7},
    {"tr", "mar", 3},  {"pl", "mar", 3},  {"eu", "mar", 3},  {"bs", "lip", 7},      {"az", "iyn", 6},
};

/// Months that are a day of the week in Romance or Slavic pages too.
constexpr std::string_view month_weekdays = "mar mer jun sab sep";

/// Days of the week; source as above.
constexpr std::string_view weekday_stems =
    "mon mond* tue tues* wed wedn* thu thur* fri frid* sat satu* sun sund* mo di mi do fr sa so mont* dien* mitt* mit "
    "donn* don frei* sams* sonna* sonn* lun lund* lune* mar mardi mart* marte* mer merc* merk* mie mier* mierc* jeu "
    "jeud* "
    "jue juev* ven vend* vene* vie vier* vi sam same* sab saba* sabat* dim dima* dom domi* gio giov* seg segu* ter "
    "terca* "
    "qua quar* qui quin* sex sext* maan* dins* woen* dond* vrij* zat* zond* ma ti ons onsd* tor tors* fre fred* lor "
    "lord* "
    "son sond* man mand* tir tirs* lordag sondag tis tisd* pon pond* pondel* pone* utor* uto utery ut str stre* sri "
    "srij* "
    "sroda ctv ctvr* cet cetv* czw czwa* piat* pia pat pate* pet peta* sob sobo* subo* nie niedz* ned nede* nedj* "
    "nedel* "
    "pazar* pzt sali sal car cars* per pers* cum cuma* cts ctesi hetf* ked kedd* szer* csut* pent* pente* szom* vasar* "
    "maanan* tiista* keski* ke torsta* to perjan* pe lauan* la sunnun* su luni mart miercuri joi joia vineri vin "
    "sambata "
    "duminica dum senin sen selasa rabu kamis jumat jumaat juma* jumam* dj dl dt dv ds dg sabtu minggu isnin khamis "
    "ahad lunes martes miyer* huweb* biyer* "
    "linggo lin pirmad* antrad* treciad* ketvirt* penktad* sestad* sekmad* esmasp* teisip* kolmap* neljap* reede laup* "
    "puhap* pirmd* otrd* tresd* ceturtd* piektd* sestd* svetd* dilluns dimarts dimecres dijous divendres dissabte "
    "diumenge luns venres xoves merores astel* astea* osteg* ostir* larunb* igand* diardaoin aoine satharn dydd hene* "
    "marti* dushanba seshanba chorshanba payshanba juma shanba yakshanba bazar* cersenbe* sevt* "
    "пн пнд пон* понед* вт втр втор* вів* ср срд сред* сере* сяр* чт чтв чет* четв* чац* пт птн пят* пет* петък п'ят* "
    "пятн* сб сбт суб* вс вск воск* нед* нд няд* пан* аўт* аут* поне* уто* "
    "δευ* τρι* τετ* πεμ* παρ* σαβ* κυρ* ორშ* სამშ* ოთხ* ხუთ* პარ* შაბ* კვი* երկ* երք* չոր* հինգ* ուրբ* շաբ* կիր* "
    "الاثنين الثلاثاء الأربعاء الاربعاء الخميس الجمعة السبت الأحد الاحد اثنين ثلاثاء أربعاء خميس جمعة سبت أحد "
    "دوشنبه سهشنبه چهارشنبه پنجشنبه جمعه شنبه یکشنبه יום ראשון שני שלישי רביעי חמישי שישי שבת "
    "วัน* จันทร์* อังคาร* พุธ* พฤหัส* ศุกร์* เสาร์* อาทิตย์* จ. อ. พ. "
    "सोम* मंगल* बुध* गुरु* शुक्र* शनि* रवि* সোম* মঙ্গল* বুধ* বৃহ* শুক্র* শনি* রবি* திங்* செவ்* புத* வியா* வெள்* சனி* ஞாயி* "
    "ਸੋਮ* ਮੰਗਲ* ਬੁੱਧ* ਵੀਰ* ਸ਼ੁੱਕਰ* ਸ਼ਨਿੱ* ਐਤ* સોમ* મંગળ* બુધ* ગુરુ* શુક્ર* શનિ* રવિ* "
    "thu 周一 周二 周三 周四 周五 周六 周日 周天 星期一 星期二 星期三 星期四 星期五 星期六 星期日 星期天 礼拜一 礼拜二 "
    "礼拜三 礼拜四 "
    "礼拜五 礼拜六 礼拜日 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日 월요일 화요일 수요일 목요일 금요일 토요일 "
    "일요일";

/// Words that say nothing about when.
constexpr std::string_view noise_words =
    "the of at on in and st nd rd th a an this date time day days published posted post updated update created added "
    "modified last written since starts ends from until by year o'clock am.. hrs hr dated issued released release "
    "le la les de du des d a' au ao as aos el los las del en a.. al il lo alle ore dia dias publie mis jour maj "
    "der die das den dem am um von vom im uhr ab bis veroffentlicht aktualisiert stand erstellt erschienen "
    "op het om van geplaatst gepubliceerd uur kl klo klokken d. den i o ob v ve u w dne dnia godz godzina dodano "
    "opublikowano publikovano aktualizovano lat roku r rok godine g svake publicado publicada actualizado em na no s "
    "er l la. ore.. pubblicato publicat postat data ora oras ora.. anul saat tarihi gun yayin eklenme ev en. "
    "в у о об на г год года году рік року р. року. року годин час часов опубликовано дата добавлено от до до. год. гг "
    "опубліковано додано створено публикувано ч часа часа. года. цiй лето ст "
    "στις στη στο την το ωρα წლის წ թ ժ الساعة ساعة في يوم م ב ה ל בשעה בתאריך ליום เมื่อ เวลา วันที่ ที่ ปี พ.ศ ค.ศ เดือน "
    "ngay luc vao nam sau san सन् को में बजे साल সাল সালে তারিখ শে লা রা ই ठा তম ठे 发布于 发表于 发布 更新 更新日 公開日 "
    "投稿日 작성일 등록일 수정일 "
    "mubaraka pukul jam tanggal oleh pada sa ng noong petsa alle. "
    "fa- 'de the. b c ad t feira er ere eme e o";

/// Of those, the ones of languages that write 3/4 for the third of April; with the months of all but English.
constexpr std::string_view day_first_words =
    "uhr um klo kl klokken om op u ore alle em le du del el las godz ve saat ora la в у о об на года год г στις الساعة "
    "dne dnia ngay luc pukul ip ap יום";

struct WordRow {
    std::string_view words;
    Kind kind;
    int value;
};

constexpr WordRow word_rows[] = {
    {"asubuhi pagi pg am a.m am. πμ π.μ صباحا ص 上午 午前 오전 早上 凌晨 清晨 पूर्वाह्न পূর্বাহ্ণ ap vm vorm* fm доп* dop* "
     "dopo* "
     "rano morning matin manana manha mattina morgens ochtends aamu* פנות בבוקר лени ранку утра սկ. sabah sang "
     "ohommpa* ouroaine* rita* prije* прије* прет* претпл* ante* ก่อนเที่ยง",
     Kind::am, 0},
    {"ptg petang jioni pm p.m μμ μ.μ مساء م. 下午 午後 오후 晚上 晚 傍晚 中午后 अपराह्न অপরাহ্ণ ip nm nachm* em odp* "
     "odpo* popo* попо* "
     "послије* попл* wiecz* evening afternoon soir tarde noite sera pomeriggio abends avonds middag ilta* בערב אחה\"צ "
     "בצהריים вечора вечера дня aksam chieu toi post* หลังเที่ยง 夜 夜晚",
     Kind::pm, 0},
    {"noon midday mittag* mittags midi mediodia meio-dia mezzogiorno podne poledne poludnie południe полдень опівдні "
     "пладне 正午 中午 정오 oglen dupa-amiaza keskipaiva*",
     Kind::noon, 0},
    {"midnight mitternacht* minuit medianoche meia-noite mezzanotte ponoc pulnoc* polnoc полночь опівночі поўнач "
     "真夜中 "
     "午夜 자정 keskiyo* חצות",
     Kind::midnight, 0},
    {"z utc gmt wet", Kind::zone, 0},
    {"bst cet mez wat west", Kind::zone, 60},
    {"cest mesz eet cat sast", Kind::zone, 120},
    {"eest msk eat trt", Kind::zone, 180},
    {"pkt", Kind::zone, 300},
    {"ist", Kind::zone, 330},
    {"hkt sgt awst", Kind::zone, 480},
    {"jst kst", Kind::zone, 540},
    {"aest", Kind::zone, 600},
    {"aedt", Kind::zone, 660},
    {"nzst", Kind::zone, 720},
    {"nzdt", Kind::zone, 780},
    {"art brt", Kind::zone, -180},
    {"ast edt", Kind::zone, -240},
    {"est cdt", Kind::zone, -300},
    {"cst mdt", Kind::zone, -360},
    {"mst pdt", Kind::zone, -420},
    {"pst akdt", Kind::zone, -480},
    {"akst", Kind::zone, -540},
    {"hst", Kind::zone, -600},
    {"年 년 年度", Kind::year_mark, 0},
    {"月 월", Kind::month_mark, 0},
    {"日 일 号 號", Kind::day_mark, 0},
    {"时 時 点 點 시 h hod ч гадзін гадзіны heures heure 時頃", Kind::hour_mark, 0},
    {"分 분 min mins хвілін minutes 分钟 minutos minuten", Kind::minute_mark, 0},
    {"秒 초 s sec сек", Kind::second_mark, 0},
    {"ago vor hace fa ha il-y-a geleden sedan siden sitten temu pred prije pre назад тому таму преди преди. önce once "
     "evvel 前 以前 전 منذ قبل לפני trước truoc yang lalu lalu nakalipas ezelott acum în acum fa. enne tagasi pries "
     "pirms prin πριν پیش पहले আগে পূর্বে ที่แล้ว ที่ผ่านมา înainte later now hence oprindeligt ilang",
     Kind::ago, 0},
    {"today yesterday tomorrow tonight heute gestern morgen vorgestern ubermorgen hoy ayer manana anteayer aujourd'hui "
     "hier demain avant-hier oggi ieri domani hoje ontem amanha vandaag gisteren idag igar imorgon i-dag i-gar dag gar "
     "tanaan eilen huomenna dzis dzisiaj wczoraj jutro dnes vcera zitra danas jucer juce сегодня вчера завтра "
     "позавчера "
     "сьогодні вчора завтра сёння учора днес утре σημερα χθες αυριο bugun dun yarin azi astazi ieri maine ma tegnap "
     "holnap hari-ini kemarin besok hom-nay hom-qua اليوم أمس غدا اليوم. היום אתמול מחר आज कल আজ গতকাল วันนี้ เมื่อวาน 今天 "
     "昨天 "
     "明天 今日 昨日 明日 前天 오늘 어제 내일 just now gerade eben recently jetzt maintenant ahora adesso сейчас 刚刚 "
     "방금 たった今 "
     "noong-isang kanina",
     Kind::relative, 0},
    {"second seconds sec secs minute minutes min mins hour hours hr hrs day days week weeks month months year years yr "
     "yrs mo wk sekunde* minute* stunde* tag tage tagen woche* monat* jahr jahre jahren seconde* heure* jour jours "
     "semaine* mois an ans annee* segundo* minuto* hora horas dia dias semana* mes meses ano anos giorn* or* settiman* "
     "mes* ann* uur uren dag dagen week weken maand* jaar minuut minuten dagar timm* vecka veckor manad* timer time "
     "dage uge uger maned* paiv* tunti* viikko* kuukau* vuo* godzin* dni dzien tydz* tygod* miesi* rok lat lata dny "
     "den "
     "hodin* dnu tydn* mesic* секунд* минут* хвилин* час* годин* день дня дней дні днів недел* тижд* тижн* месяц* "
     "месяцев месяца мiсяц* місяц* год года лет рік роки років gun saat dakika saniye hafta ay yil jam menit hari "
     "minggu "
     "bulan tahun gio phut ngay tuan thang nam ora ore oras zi zile saptaman* luna luni nap perc ora het honap* ev "
     "दिन घंटे मिनट सप्ताह महीने साल দিন ঘন্টা মিনিট সপ্তাহ মাস বছর دقيقة دقائق ساعة ساعات يوم أيام أسبوع أسابيع شهر أشهر "
     "سنة "
     "سنوات שעה שעות דקות ימים יום שבוע שבועות חודש חודשים שנה שנים นาที ชั่วโมง วัน สัปดาห์ เดือน ปี 小时 小時 时间 天 周 "
     "週間 週 "
     "个月 ヶ月 か月 ヵ月 時間 시간 주 개월 분",
     Kind::unit, 0},
};

/// Latin and Greek letters without marks: pairs of a letter and its base. Source: Unicode decompositions (and the
/// strokes, which have none).
constexpr std::pair<std::string_view, char32_t> mark_rows[] = {
    {"àáâãäåāăąǎạảấầẩẫậắằẳẵặ", 'a'},
    {"çćĉċč", 'c'},
    {"ďđð", 'd'},
    {"èéêëēĕėęěẹẻẽếềểễệ", 'e'},
    {"ĝğġģ", 'g'},
    {"ĥħ", 'h'},
    {"ìíîïĩīĭįıịỉǐ", 'i'},
    {"ĵ", 'j'},
    {"ķ", 'k'},
    {"ĺļľŀł", 'l'},
    {"ñńņňŋ", 'n'},
    {"òóôõöøōŏőơọỏốồổỗộớờởỡợ", 'o'},
    {"ŕŗř", 'r'},
    {"śŝşšș", 's'},
    {"ţťŧț", 't'},
    {"ùúûüũūŭůűųưụủứừửữự", 'u'},
    {"ŵ", 'w'},
    {"ýÿŷỳỵỷỹ", 'y'},
    {"źżž", 'z'},
    {"ά", U'α'},
    {"έ", U'ε'},
    {"ήΐ", U'η'},
    {"ίϊ", U'ι'},
    {"όώ", U'ο'},
    {"ύϋ", U'υ'},
    {"ς", U'σ'},
    {"ё", U'е'},
    {"’ʼ′", '\''},
    {"أإآ", U'ا'},
    {"ي", U'ي'},
    {"ك", U'ك'},
};

struct MarkTable {
    std::vector<std::pair<char32_t, char32_t>> rows;

    MarkTable() {
        for (const auto& [letters, base] : mark_rows)
            for (std::size_t at = 0; at < letters.size();) {
                const CodePoint c = code_point_at(letters, at);
                rows.emplace_back(c.value, base);
                at += c.length;
            }
        std::sort(rows.begin(), rows.end());
    }

    char32_t base(char32_t c) const noexcept {
        const auto found = std::lower_bound(rows.begin(), rows.end(), std::pair<char32_t, char32_t>{c, 0});
        return found != rows.end() && found->first == c ? found->second : c;
    }
};

/// One word or stem of the tables.
struct DateEntry {
    std::string word;
    bool stem = false;  ///< any ending
    DateWord meaning;
    std::string_view language;  ///< counts in this language only; empty: everywhere

    bool operator<(const DateEntry& other) const { return word < other.word; }
};

bool holds_word(std::string_view list, std::string_view word) noexcept {
    for (std::size_t at = 0; at < list.size();) {
        std::size_t end = list.find(' ', at);
        if (end == std::string_view::npos) end = list.size();
        if (list.substr(at, end - at) == word) return true;
        at = end + 1;
    }
    return false;
}

class DateVocabulary {
public:
    DateVocabulary() {
        for (std::size_t month = 0; month < 12; ++month)
            add(month_stems[month], {Kind::month, static_cast<int>(month) + 1});
        for (const MonthException& row : month_exceptions) add(row.stem, {Kind::month, row.month}, row.language);
        for (const WordRow& row : word_rows) add(row.words, {row.kind, row.value});
        add(weekday_stems, {Kind::weekday, 0});
        add(noise_words, {Kind::noise, 0});
        std::stable_sort(entries_.begin(), entries_.end());
    }

    /// The longest stem or the whole word. Among equal words the one of the language, then the first in the tables.
    DateWord find(std::string_view word, std::string_view language) const {
        if (word.size() > 64) return {};
        for (std::size_t length = word.size(); length > 0; --length) {
            if (length < word.size() && (static_cast<unsigned char>(word[length]) & 0xC0) == 0x80) continue;
            const std::string_view part = word.substr(0, length);
            const auto begin = std::lower_bound(entries_.begin(), entries_.end(), part,
                                                [](const DateEntry& e, std::string_view w) { return e.word < w; });
            const DateEntry* best = nullptr;
            for (auto at = begin; at != entries_.end() && at->word == part; ++at) {
                if (length < word.size() && !at->stem) continue;
                if (!at->language.empty() && at->language != language) continue;
                if (best == nullptr || (best->language.empty() && !at->language.empty())) best = &*at;
            }
            if (best != nullptr) return best->meaning;
        }
        return {};
    }

private:
    void add(std::string_view list, DateWord meaning, std::string_view language = {}) {
        for (std::size_t at = 0; at < list.size();) {
            std::size_t end = list.find(' ', at);
            if (end == std::string_view::npos) end = list.size();
            std::string_view word = list.substr(at, end - at);
            at = end + 1;
            const bool stem = word.ends_with('*');
            if (stem) word.remove_suffix(1);
            while (word.ends_with('.')) word.remove_suffix(1);
            if (word.empty()) continue;
            DateWord with = meaning;
            with.weekday_too = meaning.kind == Kind::month && holds_word(month_weekdays, word);
            with.day_first = holds_word(day_first_words, word);
            entries_.push_back({plain_word(word), stem, with, language});
        }
    }

    std::vector<DateEntry> entries_;
};

}  // namespace

std::string plain_word(std::string_view word) {
    static const MarkTable marks;
    std::string out;
    if (std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
        return core::ascii_lower(word);
    const std::string folded = core::fold_case(word);
    for (std::size_t at = 0; at < folded.size();) {
        const CodePoint c = code_point_at(folded, at);
        at += c.length;
        // Combining marks; the nukta of Devanagari, Bengali and Gurmukhi; Hebrew and Arabic points; format characters.
        const bool mark = (c.value >= 0x300 && c.value < 0x370) || c.value == 0x93C || c.value == 0x9BC ||
                          c.value == 0xA3C || (c.value >= 0x591 && c.value <= 0x5BD) ||
                          (c.value >= 0x64B && c.value <= 0x65F) || (c.value >= 0x200B && c.value <= 0x200F);
        if (mark) continue;
        core::append_utf8(out, marks.base(c.value));
    }
    return out;
}

DateWord read_date_word(std::string_view word, std::string_view language) {
    static const DateVocabulary vocabulary;
    const std::string_view primary = language.substr(0, language.find_first_of("-_"));
    DateWord found = vocabulary.find(word, primary);
    if (found.kind != Kind::unknown) return found;
    // Hebrew writes "in" and "to" as a letter before the month (באפריל, לאפריל), Thai the word "month".
    for (const std::string_view letter : {"ב", "ל", "ה", "เดือน"})
        if (word.size() > letter.size() + 2 && word.starts_with(letter)) {
            found = vocabulary.find(word.substr(letter.size()), primary);
            if (found.kind == Kind::month || found.kind == Kind::weekday) return found;
        }
    // "d'abril", "l'11"
    const std::size_t apostrophe = word.find('\'');
    if (apostrophe != std::string_view::npos && apostrophe <= 2 && apostrophe + 1 < word.size())
        return vocabulary.find(word.substr(apostrophe + 1), primary);
    return {};
}

int vietnamese_number(std::string_view word) noexcept {
    static constexpr std::array<std::string_view, 10> numbers{"mot", "hai", "ba",  "tu",   "nam",
                                                              "sau", "bay", "tam", "chin", "muoi"};
    const auto found = std::find(numbers.begin(), numbers.end(), word);
    if (found == numbers.end()) return word == "bon" ? 4 : word == "gieng" ? 1 : word == "chap" ? 12 : 0;
    return static_cast<int>(found - numbers.begin()) + 1;
}

}  // namespace meter::generate::detail
