//! The laws that set clocks for a personal data breach, and the duties each holds.

use chrono::{DateTime, TimeDelta, Utc};
use custodian_entity::choice::{Duty, PrivacyRegime, Recipient};

/// From when a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// From when the breach was detected.
    Detection(TimeDelta),
    /// From when the controller became aware.
    Awareness(TimeDelta),
    /// From the first notification to the authority.
    Initial(TimeDelta),
    /// Without undue delay: the law names no number.
    NoUndueDelay,
}

/// A duty as a regime has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) duty: Duty,
    pub(super) recipient: Recipient,
    pub(super) period: Period,
    pub(super) citation: &'static str,
}

const DAY: TimeDelta = TimeDelta::hours(24);
const THREE_DAYS: TimeDelta = TimeDelta::hours(72);

/// The first second of 20 August 2025 in London (UTC+1), in seconds since the epoch: from then on the United Kingdom
/// gives providers 72 hours instead of 24 (Data (Use and Access) Act 2025).
const UK_72_HOURS_SINCE: i64 = 1_755_644_400;

/// The duties of a regime, as it stood when the breach was detected.
pub(super) fn rules(regime: PrivacyRegime, detected_at: DateTime<Utc>) -> &'static [Rule] {
    match regime {
        PrivacyRegime::Gdpr => &GDPR,
        PrivacyRegime::EuEcs => &EU_ECS,
        PrivacyRegime::UkGdpr => &UK_GDPR,
        PrivacyRegime::UkPecr if detected_at.timestamp() < UK_72_HOURS_SINCE => &UK_PECR_2013,
        PrivacyRegime::UkPecr => &UK_PECR_2025,
    }
}

const GDPR: [Rule; 2] = [
    Rule {
        duty: Duty::AuthorityInitial,
        recipient: Recipient::SupervisoryAuthority,
        period: Period::Awareness(THREE_DAYS),
        citation: "GDPR Art. 33(1)",
    },
    Rule {
        duty: Duty::Subjects,
        recipient: Recipient::DataSubjects,
        period: Period::NoUndueDelay,
        citation: "GDPR Art. 34(1)",
    },
];

const EU_ECS: [Rule; 3] = [
    Rule {
        duty: Duty::AuthorityInitial,
        recipient: Recipient::NationalAuthority,
        period: Period::Detection(DAY),
        citation: "Regulation (EU) 611/2013 Art. 2(2)",
    },
    Rule {
        duty: Duty::AuthorityFollowUp,
        recipient: Recipient::NationalAuthority,
        period: Period::Initial(THREE_DAYS),
        citation: "Regulation (EU) 611/2013 Art. 2(3)",
    },
    Rule {
        duty: Duty::Subjects,
        recipient: Recipient::Subscribers,
        period: Period::NoUndueDelay,
        citation: "Regulation (EU) 611/2013 Art. 3",
    },
];

const UK_GDPR: [Rule; 2] = [
    Rule {
        duty: Duty::AuthorityInitial,
        recipient: Recipient::InformationCommissioner,
        period: Period::Awareness(THREE_DAYS),
        citation: "UK GDPR Art. 33(1)",
    },
    Rule {
        duty: Duty::Subjects,
        recipient: Recipient::DataSubjects,
        period: Period::NoUndueDelay,
        citation: "UK GDPR Art. 34(1)",
    },
];

/// Until 19 August 2025: the hours of Regulation (EU) 611/2013, which the United Kingdom had kept.
const UK_PECR_2013: [Rule; 3] = [
    Rule {
        duty: Duty::AuthorityInitial,
        recipient: Recipient::InformationCommissioner,
        period: Period::Detection(DAY),
        citation: "PECR 2003 reg. 5A; Regulation 611/2013 Art. 2(2) as kept in UK law",
    },
    Rule {
        duty: Duty::AuthorityFollowUp,
        recipient: Recipient::InformationCommissioner,
        period: Period::Initial(THREE_DAYS),
        citation: "PECR 2003 reg. 5A; Regulation 611/2013 Art. 2(3) as kept in UK law",
    },
    UK_SUBSCRIBERS,
];

/// Since 20 August 2025: what is missing may follow in phases, without undue further delay.
const UK_PECR_2025: [Rule; 2] = [
    Rule {
        duty: Duty::AuthorityInitial,
        recipient: Recipient::InformationCommissioner,
        period: Period::Awareness(THREE_DAYS),
        citation: "PECR 2003 reg. 5A as amended by the Data (Use and Access) Act 2025",
    },
    UK_SUBSCRIBERS,
];

const UK_SUBSCRIBERS: Rule = Rule {
    duty: Duty::Subjects,
    recipient: Recipient::Subscribers,
    period: Period::NoUndueDelay,
    citation: "PECR 2003 reg. 5A",
};
