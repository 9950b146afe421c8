//! The countries customers live in: language, telephone numbers, papers, tax.
//!
//! Telephone patterns lie in ranges set aside for fiction where the country has them (GB Ofcom, FR Arcep,
//! DE BNetzA, SE PTS, US NANPA); elsewhere around the example number that libphonenumber gives for the country.

use custodian_entity::choice::GovernmentIdType;

use super::names::{self, Names};
use super::places::{self, Places};

/// What is typical of a country. Patterns are those of `Source::fill`.
pub(super) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(super) code: &'static str,
    /// BCP 47.
    pub(super) language: &'static str,
    pub(super) names: &'static Names,
    pub(super) places: &'static Places,
    /// E.164.
    pub(super) phone: &'static str,
    pub(super) papers: (GovernmentIdType, &'static str),
    pub(super) personal_tax_id: &'static str,
    pub(super) company_tax_id: &'static str,
    /// A company's name; `{}` is a family name.
    pub(super) company: &'static str,
    /// VAT or sales tax on telecommunications, in units of 1/10,000.
    pub(super) tax_rate: i64,
}

macro_rules! countries {
    ($($code:literal $language:literal $names:ident $places:ident $phone:literal
       ($id_type:ident $id:literal) $personal:literal $company_tax:literal $company:literal $tax_rate:literal;)*) => {
        &[$(Country {
            code: $code,
            language: $language,
            names: &names::$names,
            places: &places::$places,
            phone: $phone,
            papers: (GovernmentIdType::$id_type, $id),
            personal_tax_id: $personal,
            company_tax_id: $company_tax,
            company: $company,
            tax_rate: $tax_rate,
        }),*]
    };
}

/// All of them, the first two being those of the customers with an account.
#[rustfmt::skip]
pub(super) const COUNTRIES: &[Country] = countries! {
    "ES" "es-ES" SPANISH SPAIN "+346123456##" (NationalId "########@") "########@" "B########" "{} Hermanos S.L." 2100;
    "TW" "zh-Hant-TW" TAIWANESE TAIWAN "+8869123456##" (NationalId "@1########") "@1########" "########" "{}記茶行有限公司" 500;
    "GB" "en-GB" BRITISH BRITAIN "+442079460###" (Passport "#########") "##########" "GB#########" "{} & Daughters Ltd" 2000;
    "DE" "de-DE" GERMAN GERMANY "+493023125###" (NationalId "L########") "###########" "DE#########" "{} & Söhne GmbH" 1900;
    "GR" "el-GR" GREEK GREECE "+3069123456##" (NationalId "AB######") "#########" "EL#########" "Αφοί {} Ε.Π.Ε." 2400;
    "UA" "uk-UA" UKRAINIAN UKRAINE "+3805012345##" (NationalId "#########") "##########" "########" "ТОВ «{}»" 2000;
    "EG" "ar-EG" EGYPTIAN EGYPT "+2010012345##" (NationalId "2#############") "#########" "#########" "شركة {} للتجارة" 1400;
    "CN" "zh-Hans-CN" CHINESE CHINA "+86131234567##" (Passport "E########") "11010519##########" "91110000##########" "{}氏贸易有限公司" 600;
    "JP" "ja-JP" JAPANESE JAPAN "+8190123456##" (DriverLicence "############") "############" "#############" "{}商店株式会社" 1000;
    "IN" "hi-IN" INDIAN INDIA "+9181234567##" (Passport "@#######") "@@@P@####@" "27@@@C@####@1Z#" "{} Traders Pvt. Ltd." 1800;
    "TR" "tr-TR" TURKISH TURKEY "+9050123456##" (NationalId "1##########") "1##########" "##########" "{} Ticaret Ltd. Şti." 2000;
    "VN" "vi-VN" VIETNAMESE VIETNAM "+849123456##" (NationalId "0###########") "##########" "##########" "Công ty TNHH {}" 1000;
    "FR" "fr-FR" FRENCH FRANCE "+3319900####" (ResidencePermit "############") "#############" "FR###########" "Boulangerie {} SARL" 2000;
    "PL" "pl-PL" POLISH POLAND "+485123456##" (NationalId "@@@######") "##########" "PL##########" "{} i Wspólnicy sp. z o.o." 2300;
    "SE" "sv-SE" SWEDISH SWEDEN "+468465004##" (Passport "########") "##########" "SE##########01" "{} & Co AB" 2500;
    "RS" "sr-Cyrl-RS" SERBIAN SERBIA "+38160123456#" (NationalId "#########") "#############" "#########" "{} д.о.о." 2000;
    "KR" "ko-KR" KOREAN KOREA "+8210200000##" (Passport "M########") "######1######" "##########" "{}상사 주식회사" 1000;
    "BR" "pt-BR" BRAZILIAN BRAZIL "+5511961234###" (NationalId "#########") "###########" "##############" "{} & Filhos Ltda." 1700;
    "IL" "he-IL" ISRAELI ISRAEL "+9725023456##" (NationalId "#########") "#########" "5########" "{} ובניו בע\"מ" 1800;
    "US" "en-US" AMERICAN AMERICA "+120255501##" (DriverLicence "@############") "9########" "#########" "{} & Sons LLC" 725;
};
