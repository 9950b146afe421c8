//! Values that are found again wherever they come out: each is unlike anything else that the service says.
//!
//! Words are made of letters of which every second is rare, so that no four of them stand in a row in any ordinary text;
//! and no four are those of another marker, so that what is found tells whose it is.

use std::collections::HashSet;

use chrono::NaiveDate;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many letters or digits of a value in a row are found out. Fewer could be anybody's.
const DISTINCTIVE: usize = 4;

/// A cell of the API: a field, and the row it is read from.
#[derive(Clone, Debug)]
pub struct Place {
    /// `Customer.email`
    pub field: &'static str,
    /// The id of the row.
    pub row: String,
}

/// A value, and what of it may be seen by whom.
#[derive(Clone, Debug)]
pub struct Marker {
    /// As the API shows it to who may see it.
    pub value: String,
    /// What only such a viewer may see: parts of the value that no mask shows. In lower case.
    pub secret: Vec<String>,
    /// What its mask shows besides. In lower case.
    pub partial: Vec<String>,
    /// What no log may hold of it. In lower case.
    pub tokens: Vec<String>,
    /// Where it can be read. Nowhere: then nobody may see it.
    pub places: Vec<Place>,
}

/// Makes markers.
pub struct Mint {
    rng: ChaCha8Rng,
    used: HashSet<String>,
    made: u32,
}

/// Runs of so many characters.
fn windows(text: &str, length: usize) -> Vec<String> {
    let characters: Vec<char> = text.to_lowercase().chars().collect();
    characters.windows(length).map(String::from_iter).collect()
}

fn marker(value: String, secret: Vec<String>, partial: Vec<String>, tokens: &[&str]) -> Marker {
    let lower = |text: &&str| text.to_lowercase();
    Marker { value, secret, partial, tokens: tokens.iter().map(lower).collect(), places: Vec::new() }
}

impl Mint {
    /// A mint of the same markers on each run.
    pub fn new() -> Self {
        let rng = ChaCha8Rng::from_seed(*b"custodian / tests / markers ....");
        // The telephone number of a customer of the demo data ends so.
        Self { rng, used: HashSet::from(["4556".to_owned()]), made: 0 }
    }

    fn pick(&mut self, from: &str) -> char {
        let place = self.rng.next_u32() as usize % from.len();
        from.chars().nth(place).unwrap()
    }

    fn letters(&mut self, length: usize) -> String {
        loop {
            let word: String = (0..length)
                .map(|place| self.pick(if place % 2 == 0 { "jqxzvkw" } else { "ghmnprstlw" }))
                .collect();
            let parts: HashSet<String> = windows(&word, DISTINCTIVE).into_iter().collect();
            if parts.len() == length + 1 - DISTINCTIVE && parts.is_disjoint(&self.used) {
                self.used.extend(parts);
                return word;
            }
        }
    }

    fn digits(&mut self, length: usize) -> String {
        (0..length).map(|_| self.pick("123456789")).collect()
    }

    /// Four digits that no other marker ends in: masks show them.
    fn last_digits(&mut self) -> String {
        loop {
            let digits = self.digits(4);
            if self.used.insert(digits.clone()) {
                return digits;
            }
        }
    }

    /// A different one each time.
    fn next(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// A word without any partial form.
    pub fn word(&mut self) -> Marker {
        let word = self.letters(8);
        marker(word.clone(), windows(&word, DISTINCTIVE), Vec::new(), &[&word])
    }

    /// A word in a text of which the mask takes out only what identifies somebody: it stays.
    pub fn remark(&mut self) -> Marker {
        let word = self.word();
        Marker { partial: word.secret, secret: Vec::new(), ..word }
    }

    /// A name of two parts; the mask shows their first letters.
    pub fn name(&mut self) -> Marker {
        let (given, family) = (self.letters(8), self.letters(8));
        let secret = [windows(&given, DISTINCTIVE), windows(&family, DISTINCTIVE)].concat();
        let capital = |word: &str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
        marker(format!("{} {}", capital(&given), capital(&family)), secret, Vec::new(), &[&given, &family])
    }

    /// An e-mail address with a sub-tag; the mask shows the ends of the local part, and the domain.
    pub fn email(&mut self) -> Marker {
        let (local, tag, domain) = (self.letters(8), self.letters(4), self.letters(8));
        let secret = [windows(&local, DISTINCTIVE), windows(&tag, DISTINCTIVE)].concat();
        let value = format!("{local}+{tag}@{domain}.example");
        marker(value, secret, windows(&domain, DISTINCTIVE), &[&local, &domain])
    }

    /// A German mobile number; the mask shows the country and the last four digits.
    pub fn phone(&mut self) -> Marker {
        let national = format!("151{}{}", self.digits(4), self.last_digits());
        let (hidden, shown) = national.split_at(7);
        let value = format!("+49{national}");
        // Seven digits in a row: fewer may be an amount.
        marker(
            value,
            windows(&national, 7),
            vec![format!("*{shown}")],
            &[&national, &format!("{hidden}{shown}")],
        )
    }

    /// A date of birth; the mask shows the year, which others have too.
    pub fn birth(&mut self) -> (Marker, NaiveDate) {
        let n = self.next();
        let date = NaiveDate::from_ymd_opt(1941 + (n % 40) as i32, 1 + n % 12, 1 + n % 28).unwrap();
        let value = date.format("%Y-%m-%d").to_string();
        (marker(value.clone(), vec![value.clone()], Vec::new(), &[&value]), date)
    }

    /// The number of a document; the mask shows the last four characters.
    pub fn number(&mut self) -> Marker {
        let (hidden, shown) = loop {
            let (hidden, shown) = (self.letters(6), self.last_digits());
            // Distinctive also where letters and digits meet.
            let parts = windows(&format!("{hidden}{shown}"), DISTINCTIVE).into_iter();
            let mixed = |part: &String| !hidden.contains(part.as_str()) && *part != shown;
            let mixed: HashSet<String> = parts.filter(mixed).collect();
            if mixed.is_disjoint(&self.used) {
                self.used.extend(mixed);
                break (hidden, shown);
            }
        };
        let value = format!("{hidden}{shown}").to_uppercase();
        let secret = windows(&value, DISTINCTIVE).into_iter().filter(|part| *part != shown).collect();
        marker(value.clone(), secret, vec![format!("*{shown}")], &[&value])
    }

    /// A German account number with its check digits; the mask shows the country and the last four digits.
    pub fn iban(&mut self) -> Marker {
        let account = format!("{}{}", self.digits(14), self.last_digits());
        let number: u128 = format!("{account}131400").parse().unwrap();
        let (hidden, shown) = account.split_at(14);
        // Seven digits in a row: fewer may be an amount.
        let secret = windows(hidden, 7);
        marker(format!("DE{:02}{account}", 98 - number % 97), secret, vec![format!("*{shown}")], &[&account])
    }

    /// A postal code; the mask shows the first three characters.
    pub fn postal_code(&mut self) -> Marker {
        let (value, parts) = loop {
            let (area, rest) = (self.digits(2), self.letters(5));
            let value = format!("{}{area}{}", &rest[..1], &rest[1..]).to_uppercase();
            let parts = windows(&value, DISTINCTIVE);
            // The last is letters alone, which are nobody else's.
            if parts[..3].iter().all(|part| self.used.insert(part.clone())) {
                break (value, parts);
            }
        };
        let shown = value[..3].to_lowercase();
        marker(value.clone(), parts, vec![format!("{shown}**")], &[&value])
    }

    /// Degrees; the mask shows two decimals.
    pub fn degrees(&mut self) -> (Marker, f64) {
        let text = format!("{}.{}", 31 + self.next() % 50, self.digits(7));
        let marker = marker(text.clone(), vec![text[..7].to_owned()], Vec::new(), &[&text]);
        let degrees = text.parse().unwrap();
        (marker, degrees)
    }

    /// An IPv4 address; the mask shows its /24.
    pub fn ipv4(&mut self) -> Marker {
        let n = self.next();
        let network = format!("100.{}.{}.", 64 + n % 60, 101 + n % 150);
        let value = format!("{network}{}", 201 + n % 50);
        marker(value.clone(), vec![value.clone()], vec![network], &[&value])
    }

    /// An IPv6 prefix; the mask shows its /48.
    pub fn ipv6_prefix(&mut self) -> Marker {
        let site = format!("2001:db8:{}", self.digits(4));
        let value = format!("{site}:{}00::/56", self.digits(2));
        let secret = value.trim_end_matches("::/56").to_owned();
        marker(value, vec![secret.clone()], vec![site], &[&secret])
    }

    /// A hardware address; the mask shows its maker.
    pub fn mac(&mut self) -> Marker {
        let pairs: Vec<String> = (0..5).map(|_| self.digits(2)).collect();
        let value = format!("3C:{}", pairs.join(":"));
        let (maker, device) = (value[..8].to_lowercase(), value[9..].to_lowercase());
        marker(value.clone(), vec![device.clone()], vec![maker], &[&device])
    }

    /// An amount in minor units.
    pub fn amount(&mut self) -> (Marker, i64) {
        let text = format!("7{}", self.digits(11));
        let amount = text.parse().unwrap();
        (marker(text.clone(), vec![text.clone()], Vec::new(), &[&text]), amount)
    }

    /// A number of nine digits.
    pub fn score(&mut self) -> (Marker, i32) {
        let text = format!("1{}", self.digits(8));
        let score = text.parse().unwrap();
        (marker(text.clone(), vec![text.clone()], Vec::new(), &[&text]), score)
    }
}

impl Marker {
    /// The same, to be read here.
    pub fn at(mut self, field: &'static str, row: impl Into<String>) -> Self {
        self.places.push(Place { field, row: row.into() });
        self
    }

    /// The same, read only at the first of its places: the field that is its own.
    pub fn at_home(&self) -> Self {
        Self { places: self.places.iter().take(1).cloned().collect(), ..self.clone() }
    }
}
