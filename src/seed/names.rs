//! Names of people, as written at home and as in their e-mail addresses.
//!
//! Family names that differ by gender are left out, so that any given name goes with any family name.

/// A name and its form in ASCII.
pub(super) type Word = (&'static str, &'static str);

/// The given and family names of a country.
pub(super) struct Names {
    pub(super) given: &'static [Word],
    pub(super) family: &'static [Word],
    /// How a full name is put together.
    pub(super) order: Order,
}

/// How a full name is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Given name, space, family name.
    GivenFirst,
    /// Family name, space, given name.
    FamilyFirst,
    /// Family name and given name without a space.
    Joined,
}

#[rustfmt::skip]
pub(super) const SPANISH: Names = Names { order: Order::GivenFirst,
    given: &[("Lucía", "lucia"), ("José Antonio", "joseantonio"), ("Carmen", "carmen"), ("Íñigo", "inigo"), ("Begoña", "begona"), ("Álvaro", "alvaro"), ("Inés", "ines"), ("Joaquín", "joaquin"), ("Noelia", "noelia"), ("Raúl", "raul")],
    family: &[("Fernández Ruiz", "fernandez"), ("Martínez Peña", "martinez"), ("Sánchez Ibáñez", "sanchez"), ("Muñoz Ortega", "munoz"), ("Gutiérrez Cano", "gutierrez"), ("Núñez Vidal", "nunez"), ("Ramírez Soto", "ramirez"), ("Castaño Rey", "castano"), ("Jiménez Pardo", "jimenez"), ("Domínguez Lago", "dominguez")],
};
#[rustfmt::skip]
pub(super) const TAIWANESE: Names = Names { order: Order::Joined,
    given: &[("小明", "xiaoming"), ("淑芬", "shufen"), ("志豪", "zhihao"), ("雅婷", "yating"), ("俊傑", "junjie"), ("美玲", "meiling"), ("家豪", "jiahao"), ("怡君", "yijun"), ("建宏", "jianhong"), ("佳穎", "jiaying")],
    family: &[("王", "wang"), ("陳", "chen"), ("林", "lin"), ("黃", "huang"), ("張", "zhang"), ("李", "li"), ("吳", "wu"), ("劉", "liu"), ("蔡", "tsai"), ("歐陽", "ouyang")],
};
#[rustfmt::skip]
pub(super) const BRITISH: Names = Names { order: Order::GivenFirst,
    given: &[("Siobhán", "siobhan"), ("Oliver", "oliver"), ("Zoë", "zoe"), ("Callum", "callum"), ("Imogen", "imogen"), ("Rhys", "rhys"), ("Ngozi", "ngozi"), ("Harpreet", "harpreet"), ("Eilidh", "eilidh"), ("Tom", "tom")],
    family: &[("Whitaker", "whitaker"), ("O'Connor", "oconnor"), ("MacLeod", "macleod"), ("Llewellyn", "llewellyn"), ("Ashworth", "ashworth"), ("Adeyemi", "adeyemi"), ("Smith-Jones", "smithjones"), ("Fairbairn", "fairbairn"), ("Kaur", "kaur"), ("Penhaligon", "penhaligon")],
};
#[rustfmt::skip]
pub(super) const GERMAN: Names = Names { order: Order::GivenFirst,
    given: &[("Jürgen", "juergen"), ("Käthe", "kaethe"), ("Sören", "soeren"), ("Annegret", "annegret"), ("Björn", "bjoern"), ("Mareike", "mareike"), ("Götz", "goetz"), ("Hannelore", "hannelore"), ("Emre", "emre"), ("Lieselotte", "lieselotte")],
    family: &[("Müller", "mueller"), ("Weiß", "weiss"), ("Schäfer", "schaefer"), ("von der Heide", "vonderheide"), ("Köhler", "koehler"), ("Großmann", "grossmann"), ("Jäger", "jaeger"), ("Böttcher", "boettcher"), ("Yılmaz", "yilmaz"), ("Strauß", "strauss")],
};
#[rustfmt::skip]
pub(super) const GREEK: Names = Names { order: Order::GivenFirst,
    given: &[("Ελένη", "eleni"), ("Νίκος", "nikos"), ("Κατερίνα", "katerina"), ("Γιώργος", "giorgos"), ("Σοφία", "sofia"), ("Δημήτρης", "dimitris"), ("Ιωάννα", "ioanna"), ("Σπύρος", "spyros"), ("Χρύσα", "chrysa"), ("Θανάσης", "thanasis")],
    family: &[("Γεωργίου", "georgiou"), ("Δημητρίου", "dimitriou"), ("Νικολάου", "nikolaou"), ("Ιωάννου", "ioannou"), ("Οικονόμου", "oikonomou"), ("Αθανασίου", "athanasiou"), ("Βασιλείου", "vasileiou"), ("Χρήστου", "christou"), ("Αντωνίου", "antoniou"), ("Κωνσταντίνου", "konstantinou")],
};
#[rustfmt::skip]
pub(super) const UKRAINIAN: Names = Names { order: Order::GivenFirst,
    given: &[("Оксана", "oksana"), ("Андрій", "andrii"), ("Юлія", "yuliia"), ("Сергій", "serhii"), ("Наталія", "nataliia"), ("Тарас", "taras"), ("Їванна", "yivanna"), ("Богдан", "bohdan"), ("Леся", "lesia"), ("Євген", "yevhen")],
    family: &[("Шевченко", "shevchenko"), ("Бондаренко", "bondarenko"), ("Ткаченко", "tkachenko"), ("Кравчук", "kravchuk"), ("Лисенко", "lysenko"), ("Мороз", "moroz"), ("Савчук", "savchuk"), ("Щербак", "shcherbak"), ("Гончаренко", "honcharenko"), ("Ґалаґан", "galagan")],
};
#[rustfmt::skip]
pub(super) const EGYPTIAN: Names = Names { order: Order::GivenFirst,
    given: &[("فاطمة", "fatma"), ("أحمد", "ahmed"), ("مريم", "mariam"), ("محمود", "mahmoud"), ("نور", "nour"), ("خالد", "khaled"), ("ياسمين", "yasmin"), ("عمر", "omar"), ("هبة", "heba"), ("يوسف", "youssef")],
    family: &[("السيد", "elsayed"), ("حسن", "hassan"), ("عبد الله", "abdallah"), ("المصري", "elmasry"), ("إبراهيم", "ibrahim"), ("منصور", "mansour"), ("الشافعي", "elshafei"), ("فؤاد", "fouad"), ("رضوان", "radwan"), ("غالي", "ghaly")],
};
#[rustfmt::skip]
pub(super) const CHINESE: Names = Names { order: Order::Joined,
    given: &[("伟", "wei"), ("秀英", "xiuying"), ("芳", "fang"), ("建国", "jianguo"), ("丽娟", "lijuan"), ("浩然", "haoran"), ("子涵", "zihan"), ("梓萱", "zixuan"), ("国强", "guoqiang"), ("雪梅", "xuemei")],
    family: &[("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"), ("赵", "zhao"), ("周", "zhou"), ("欧阳", "ouyang"), ("司马", "sima")],
};
#[rustfmt::skip]
pub(super) const JAPANESE: Names = Names { order: Order::Joined,
    given: &[("花子", "hanako"), ("太郎", "taro"), ("さくら", "sakura"), ("健一", "kenichi"), ("美咲", "misaki"), ("大輔", "daisuke"), ("陽菜", "hina"), ("翔太", "shota"), ("由美子", "yumiko"), ("蓮", "ren")],
    family: &[("佐藤", "sato"), ("鈴木", "suzuki"), ("高橋", "takahashi"), ("田中", "tanaka"), ("渡辺", "watanabe"), ("山本", "yamamoto"), ("小林", "kobayashi"), ("佐々木", "sasaki"), ("長谷川", "hasegawa"), ("森", "mori")],
};
#[rustfmt::skip]
pub(super) const INDIAN: Names = Names { order: Order::GivenFirst,
    given: &[("प्रिया", "priya"), ("अर्जुन", "arjun"), ("अनन्या", "ananya"), ("विक्रम", "vikram"), ("दीपिका", "deepika"), ("रोहन", "rohan"), ("Lakshmi", "lakshmi"), ("Senthil", "senthil"), ("Farhan", "farhan"), ("Gurpreet", "gurpreet")],
    family: &[("शर्मा", "sharma"), ("गुप्ता", "gupta"), ("पटेल", "patel"), ("Iyer", "iyer"), ("Banerjee", "banerjee"), ("Nair", "nair"), ("Reddy", "reddy"), ("Khan", "khan"), ("Singh", "singh"), ("देशमुख", "deshmukh")],
};
#[rustfmt::skip]
pub(super) const TURKISH: Names = Names { order: Order::GivenFirst,
    given: &[("Ayşe", "ayse"), ("İbrahim", "ibrahim"), ("Gülçin", "gulcin"), ("Çağlar", "caglar"), ("Şule", "sule"), ("Oğuz", "oguz"), ("Zeynep", "zeynep"), ("Ümit", "umit"), ("Işıl", "isil"), ("Yiğit", "yigit")],
    family: &[("Yıldız", "yildiz"), ("Öztürk", "ozturk"), ("Çelik", "celik"), ("Şahin", "sahin"), ("Güneş", "gunes"), ("Kılıç", "kilic"), ("Doğan", "dogan"), ("Aydın", "aydin"), ("İnönü", "inonu"), ("Koç", "koc")],
};
#[rustfmt::skip]
pub(super) const VIETNAMESE: Names = Names { order: Order::FamilyFirst,
    given: &[("Thị Hương", "huong"), ("Văn Đức", "duc"), ("Ngọc Ánh", "anh"), ("Minh Tuấn", "tuan"), ("Thị Mỹ Linh", "linh"), ("Quốc Bảo", "bao"), ("Thanh Thủy", "thuy"), ("Hữu Phước", "phuoc"), ("Kim Chi", "chi"), ("Đình Nguyên", "nguyen")],
    family: &[("Nguyễn", "nguyen"), ("Trần", "tran"), ("Lê", "le"), ("Phạm", "pham"), ("Hoàng", "hoang"), ("Võ", "vo"), ("Đặng", "dang"), ("Bùi", "bui"), ("Đỗ", "do"), ("Ngô", "ngo")],
};
#[rustfmt::skip]
pub(super) const FRENCH: Names = Names { order: Order::GivenFirst,
    given: &[("Amélie", "amelie"), ("François", "francois"), ("Chloé", "chloe"), ("Jean-Baptiste", "jeanbaptiste"), ("Noémie", "noemie"), ("Gaël", "gael"), ("Hélène", "helene"), ("Loïc", "loic"), ("Océane", "oceane"), ("Étienne", "etienne")],
    family: &[("Lefèvre", "lefevre"), ("d'Almeida", "dalmeida"), ("Benoît", "benoit"), ("Le Goff", "legoff"), ("Gauthier", "gauthier"), ("Châtelain", "chatelain"), ("Diallo", "diallo"), ("Müntz", "muntz"), ("Garçon", "garcon"), ("Héraud", "heraud")],
};
#[rustfmt::skip]
pub(super) const POLISH: Names = Names { order: Order::GivenFirst,
    given: &[("Małgorzata", "malgorzata"), ("Łukasz", "lukasz"), ("Żaneta", "zaneta"), ("Paweł", "pawel"), ("Agnieszka", "agnieszka"), ("Michał", "michal"), ("Bożena", "bozena"), ("Grzegorz", "grzegorz"), ("Świętosława", "swietoslawa"), ("Jędrzej", "jedrzej")],
    family: &[("Wójcik", "wojcik"), ("Kaczmarek", "kaczmarek"), ("Zając", "zajac"), ("Wróbel", "wrobel"), ("Dudek", "dudek"), ("Stępień", "stepien"), ("Król", "krol"), ("Gołąb", "golab"), ("Mazur", "mazur"), ("Brzęczyszczykiewicz", "brzeczyszczykiewicz")],
};
#[rustfmt::skip]
pub(super) const SWEDISH: Names = Names { order: Order::GivenFirst,
    given: &[("Åsa", "asa"), ("Björn", "bjorn"), ("Märta", "marta"), ("Göran", "goran"), ("Linnéa", "linnea"), ("Håkan", "hakan"), ("Östen", "osten"), ("Ingrid", "ingrid"), ("Måns", "mans"), ("Siv", "siv")],
    family: &[("Öberg", "oberg"), ("Åkesson", "akesson"), ("Sjöström", "sjostrom"), ("Lindqvist", "lindqvist"), ("Bäckman", "backman"), ("Hägglund", "hagglund"), ("Nyström", "nystrom"), ("Wikström", "wikstrom"), ("Ek", "ek"), ("Forsgård", "forsgard")],
};
#[rustfmt::skip]
pub(super) const SERBIAN: Names = Names { order: Order::GivenFirst,
    given: &[("Милица", "milica"), ("Душан", "dusan"), ("Јелена", "jelena"), ("Ђорђе", "djordje"), ("Љиљана", "ljiljana"), ("Стефан", "stefan"), ("Весна", "vesna"), ("Немања", "nemanja"), ("Зорица", "zorica"), ("Вук", "vuk")],
    family: &[("Петровић", "petrovic"), ("Јовановић", "jovanovic"), ("Ђурић", "djuric"), ("Николић", "nikolic"), ("Живковић", "zivkovic"), ("Стојановић", "stojanovic"), ("Љубичић", "ljubicic"), ("Цветковић", "cvetkovic"), ("Шћекић", "scekic"), ("Марић", "maric")],
};
#[rustfmt::skip]
pub(super) const KOREAN: Names = Names { order: Order::Joined,
    given: &[("서연", "seoyeon"), ("민준", "minjun"), ("지우", "jiwoo"), ("현우", "hyunwoo"), ("은정", "eunjung"), ("도윤", "doyun"), ("수빈", "subin"), ("영호", "youngho"), ("하은", "haeun"), ("준", "jun")],
    family: &[("김", "kim"), ("이", "lee"), ("박", "park"), ("최", "choi"), ("정", "jung"), ("강", "kang"), ("조", "cho"), ("윤", "yoon"), ("남궁", "namgung"), ("한", "han")],
};
#[rustfmt::skip]
pub(super) const BRAZILIAN: Names = Names { order: Order::GivenFirst,
    given: &[("João Pedro", "joaopedro"), ("Conceição", "conceicao"), ("Antônio", "antonio"), ("Luíza", "luiza"), ("Caetano", "caetano"), ("Fabiana", "fabiana"), ("Otávio", "otavio"), ("Patrícia", "patricia"), ("Iracema", "iracema"), ("Sebastião", "sebastiao")],
    family: &[("da Silva", "dasilva"), ("Araújo", "araujo"), ("Gonçalves", "goncalves"), ("dos Santos", "dossantos"), ("Magalhães", "magalhaes"), ("Simões", "simoes"), ("Assunção", "assuncao"), ("Figueirêdo", "figueiredo"), ("Nakamura", "nakamura"), ("Brandão", "brandao")],
};
#[rustfmt::skip]
pub(super) const ISRAELI: Names = Names { order: Order::GivenFirst,
    given: &[("נועה", "noa"), ("יוסף", "yosef"), ("תמר", "tamar"), ("איתן", "eitan"), ("שירה", "shira"), ("דוד", "david"), ("מיכל", "michal"), ("אורי", "uri"), ("רחל", "rachel"), ("עומר", "omer")],
    family: &[("כהן", "cohen"), ("לוי", "levy"), ("מזרחי", "mizrahi"), ("פרץ", "peretz"), ("ביטון", "biton"), ("בן דוד", "bendavid"), ("אברהם", "avraham"), ("שפירא", "shapira"), ("חדד", "haddad"), ("גולן", "golan")],
};
#[rustfmt::skip]
pub(super) const AMERICAN: Names = Names { order: Order::GivenFirst,
    given: &[("Emily", "emily"), ("Marcus", "marcus"), ("Renée", "renee"), ("DeShawn", "deshawn"), ("Guadalupe", "guadalupe"), ("Tyler", "tyler"), ("Mei-Ling", "meiling"), ("Brooke", "brooke"), ("Keanu", "keanu"), ("Ruth", "ruth")],
    family: &[("Carter", "carter"), ("Nguyen", "nguyen"), ("Peña", "pena"), ("Washington", "washington"), ("O'Malley", "omalley"), ("Rodriguez", "rodriguez"), ("Goldberg", "goldberg"), ("Kealoha", "kealoha"), ("Begay", "begay"), ("Van Buren", "vanburen")],
};
