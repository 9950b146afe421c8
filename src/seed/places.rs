//! Cities with their postcodes and positions, and streets, by country. Patterns are those of `Source::fill`.

/// A city.
pub(super) struct City {
    pub(super) name: &'static str,
    /// State, province or region, where addresses there name one.
    pub(super) subdivision: Option<&'static str>,
    pub(super) postcode: &'static str,
    /// Of the centre, in degrees.
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

const fn city(
    name: &'static str,
    subdivision: &'static str,
    postcode: &'static str,
    (latitude, longitude): (f64, f64),
) -> City {
    let subdivision = if subdivision.is_empty() { None } else { Some(subdivision) };
    City { name, subdivision, postcode, latitude, longitude }
}

/// The cities of a country and how its streets are called.
pub(super) struct Places {
    pub(super) cities: &'static [City],
    pub(super) streets: &'static [&'static str],
}

pub(super) const SPAIN: Places = Places {
    cities: &[
        city("Madrid", "Comunidad de Madrid", "2801#", (40.416_8, -3.703_8)),
        city("Sevilla", "Andalucía", "4100#", (37.389_1, -5.984_5)),
        city("A Coruña", "Galicia", "1500#", (43.362_3, -8.411_5)),
    ],
    streets: &["Calle Mayor %", "Calle de la Luna %", "Avenida de la Constitución %", "Plaza de España %"],
};
pub(super) const TAIWAN: Places = Places {
    cities: &[
        city("台北市", "中正區", "100##", (25.033, 121.565_4)),
        city("高雄市", "前金區", "801##", (22.627_3, 120.301_4)),
    ],
    streets: &["忠孝東路%號", "中山北路二段%號", "民生路%號", "和平西路%號"],
};
pub(super) const BRITAIN: Places = Places {
    cities: &[
        city("London", "", "N1 #&&", (51.507_4, -0.127_8)),
        city("Edinburgh", "Scotland", "EH1 #&&", (55.953_3, -3.188_3)),
        city("Cardiff", "Wales", "CF10 #&&", (51.481_6, -3.179_1)),
        city("Leeds", "West Yorkshire", "LS2 #&&", (53.800_8, -1.549_1)),
    ],
    streets: &["% High Street", "% Station Road", "% Church Lane", "Flat 3, % Victoria Road"],
};
pub(super) const GERMANY: Places = Places {
    cities: &[
        city("Berlin", "", "101##", (52.52, 13.405)),
        city("München", "Bayern", "803##", (48.135_1, 11.582)),
        city("Köln", "Nordrhein-Westfalen", "506##", (50.937_5, 6.960_3)),
    ],
    streets: &["Hauptstraße %", "Goethestraße %", "Am Alten Markt %", "Lindenallee %"],
};
pub(super) const GREECE: Places = Places {
    cities: &[
        city("Αθήνα", "Αττική", "105 ##", (37.983_8, 23.727_5)),
        city("Θεσσαλονίκη", "Κεντρική Μακεδονία", "546 ##", (40.640_1, 22.944_4)),
    ],
    streets: &["Ερμού %", "Λεωφόρος Αλεξάνδρας %", "Αγίου Δημητρίου %", "Πατησίων %"],
};
pub(super) const UKRAINE: Places = Places {
    cities: &[
        city("Київ", "", "0103#", (50.450_1, 30.523_4)),
        city("Львів", "Львівська область", "7900#", (49.839_7, 24.029_7)),
    ],
    streets: &["вул. Хрещатик, %", "вул. Шевченка, %", "просп. Свободи, %", "вул. Лесі Українки, %"],
};
pub(super) const EGYPT: Places = Places {
    cities: &[
        city("القاهرة", "محافظة القاهرة", "115##", (30.044_4, 31.235_7)),
        city("الإسكندرية", "محافظة الإسكندرية", "215##", (31.200_1, 29.918_7)),
    ],
    streets: &["% شارع التحرير", "% شارع طلعت حرب", "% شارع النيل", "% شارع الجمهورية"],
};
pub(super) const CHINA: Places = Places {
    cities: &[
        city("北京市", "东城区", "1000##", (39.904_2, 116.407_4)),
        city("上海市", "黄浦区", "2000##", (31.230_4, 121.473_7)),
    ],
    streets: &["人民路%号", "解放大道%号", "中山路%号", "建设街%号"],
};
pub(super) const JAPAN: Places = Places {
    cities: &[
        city("渋谷区", "東京都", "150-00##", (35.661_9, 139.704_1)),
        city("大阪市北区", "大阪府", "530-00##", (34.693_7, 135.502_3)),
    ],
    streets: &["桜丘町%", "本町1丁目%", "中央2丁目%", "緑町%"],
};
pub(super) const INDIA: Places = Places {
    cities: &[
        city("मुंबई", "महाराष्ट्र", "4000##", (19.076, 72.877_7)),
        city("Bengaluru", "Karnataka", "5600##", (12.971_6, 77.594_6)),
        city("Chennai", "Tamil Nadu", "6000##", (13.082_7, 80.270_7)),
    ],
    streets: &["%, M.G. Road", "%, Nehru Nagar", "%, Station Road", "%, 2nd Cross, Gandhi Nagar"],
};
pub(super) const TURKEY: Places = Places {
    cities: &[
        city("İstanbul", "Beyoğlu", "344##", (41.008_2, 28.978_4)),
        city("Eskişehir", "Tepebaşı", "261##", (39.766_7, 30.525_6)),
    ],
    streets: &["İstiklal Cad. No: %", "Atatürk Bulvarı No: %", "Çiçek Sok. No: %", "Gül Sok. No: %"],
};
pub(super) const VIETNAM: Places = Places {
    cities: &[
        city("Hà Nội", "Hoàn Kiếm", "1100##", (21.027_8, 105.834_2)),
        city("Đà Nẵng", "Hải Châu", "5500##", (16.054_4, 108.202_2)),
    ],
    streets: &["% Trần Hưng Đạo", "% Lê Lợi", "% Nguyễn Huệ", "% Điện Biên Phủ"],
};
pub(super) const FRANCE: Places = Places {
    cities: &[
        city("Paris", "Île-de-France", "7501#", (48.856_6, 2.352_2)),
        city("Saint-Étienne", "Auvergne-Rhône-Alpes", "42000", (45.439_7, 4.387_2)),
        city("Nîmes", "Occitanie", "30000", (43.836_7, 4.360_1)),
    ],
    streets: &["% rue de l'Église", "% avenue de la République", "% place du Marché", "% bis, rue des Lilas"],
};
pub(super) const POLAND: Places = Places {
    cities: &[
        city("Łódź", "łódzkie", "90-0##", (51.759_2, 19.456)),
        city("Kraków", "małopolskie", "31-0##", (50.064_7, 19.945)),
    ],
    streets: &["ul. Kościuszki %", "ul. Długa %/4", "al. Niepodległości %", "ul. Żeromskiego %"],
};
pub(super) const SWEDEN: Places = Places {
    cities: &[
        city("Göteborg", "Västra Götalands län", "411 ##", (57.708_9, 11.974_6)),
        city("Malmö", "Skåne län", "211 ##", (55.605, 13.003_8)),
    ],
    streets: &["Storgatan %", "Kungsgatan %", "Björkvägen %", "Södra Vägen %"],
};
pub(super) const SERBIA: Places = Places {
    cities: &[
        city("Београд", "", "110##", (44.786_6, 20.448_9)),
        city("Нови Сад", "Војводина", "210##", (45.267_1, 19.833_5)),
    ],
    streets: &["Кнез Михаилова %", "Булевар ослобођења %", "Светог Саве %", "Његошева %"],
};
pub(super) const KOREA: Places = Places {
    cities: &[
        city("서울특별시", "종로구", "030##", (37.566_5, 126.978)),
        city("부산광역시", "해운대구", "480##", (35.179_6, 129.075_6)),
    ],
    streets: &["세종대로 %", "중앙로 %", "한강대로 %", "해운대로 %"],
};
pub(super) const BRAZIL: Places = Places {
    cities: &[
        city("São Paulo", "SP", "010##-0##", (-23.550_5, -46.633_3)),
        city("Maceió", "AL", "570##-0##", (-9.649_8, -35.708_9)),
    ],
    streets: &["Rua das Flores, %", "Avenida Paulista, %", "Praça da Sé, %", "Travessa São João, %"],
};
pub(super) const ISRAEL: Places = Places {
    cities: &[
        city("תל אביב-יפו", "", "610####", (32.085_3, 34.781_8)),
        city("חיפה", "", "310####", (32.794, 34.989_6)),
    ],
    streets: &["רחוב הרצל %", "רחוב ויצמן %", "שדרות רוטשילד %", "רחוב הגפן %"],
};
pub(super) const AMERICA: Places = Places {
    cities: &[
        city("Springfield", "IL", "6270#", (39.781_7, -89.650_1)),
        city("Portland", "OR", "9720#", (45.515_2, -122.678_4)),
        city("Española", "NM", "87532", (35.991_1, -106.080_6)),
        city("Honolulu", "HI", "9681#", (21.306_9, -157.858_3)),
    ],
    streets: &["% Oak Street", "% Maple Avenue Apt 2B", "% N Main St", "% Sunset Blvd"],
};
