//! What a full stop with white space behind it means: what stands before it tells.

/// What it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// The sentence ends.
    Ends,
    /// It goes on.
    Inside,
    /// It goes on if the next word begins with a small letter.
    UnlessSmall,
    /// It goes on if the next word begins with a digit or a small letter.
    UnlessDigit,
}

/// Titles, and what more always follows: of English, German, French, Spanish, Italian, Dutch, Polish, Russian, and of
/// Danish and Swedish. Letters with a full stop behind each ("e.g.", "z.B.", "U.S.") need no entry.
const GOES_ON: &[&str] = &[
    "mr", "mrs", "ms", "mx", "dr", "prof", "st", "sgt", "lt", "capt", "cpt", "col", "gen", "maj", "cmdr",
    "adm", "gov", "sen", "rep", "rev", "hon", "pres", "supt", "messrs", "mt", "vs", "cf", "viz",
    "approx", //
    "hr", "frl", "ing", "dipl", "bzw", "ca", "vgl", "sog", "bspw", "ggf", "evtl", "inkl", "exkl", "zzgl",
    "bzgl", "geb", "gegr", "mind", "i.d.r", //
    "mme", "mlle", "mgr", "p.ex", "sr", "sra", "srta", "dra", "ud", "uds", "vd", "p.ej", "ee.uu", //
    "sig", "dott", "avv", "dhr", "mevr", "drs", "bijv", "np", "tzn", "tj", //
    "ул", "им", "тов", "проф", "см", "bl.a", "t.ex", "f.eks",
];

/// What may end a sentence as well.
const MAY_END: &[&str] = &[
    "etc", "al", "inc", "ltd", "corp", "co", "bros", "jr", "esq", "dept", "est", "univ", "a.m", "p.m",
    "ph.d", //
    "usw", "u.s.w", "ff", "enz", "itd", "др", "т.д", "т.п",
];

/// What is an abbreviation before a number, and a word before anything else.
const BEFORE_NUMBER: &[&str] = &[
    "no", "nos", "nr", "nrs", "num", "núm", "fig", "figs", "art", "vol", "vols", "pp", "pg", "pag", "pág",
    "ch", "chap", "sec", "eq", "pt", "par", "para", "pos", "tab", "tel", "abs", "kap", "bd", "str", "стр",
    "рис", //
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
];

/// German words before a number that counts a place or a day: "am 3. Oktober".
const BEFORE_ORDINAL: &[&str] = &["am", "vom", "zum", "zur", "im", "beim", "dem", "der", "des"];

/// No entry is longer, in characters.
const LONGEST: usize = 8;

/// What the full stop behind `before` means; `before` is the sentence so far, which may begin a line.
pub fn judge(before: &str, begins_line: bool) -> Dot {
    if begins_line && numbers_a_list(before) {
        return Dot::Inside;
    }
    let Some(word) = last_word(before, |c| c.is_alphanumeric() || matches!(c, '.' | '\'' | '’')) else {
        return Dot::Ends;
    };
    let lower = word.to_lowercase();
    let is = |table: &[&str]| table.contains(&&*lower);
    if is(MAY_END) {
        Dot::UnlessSmall
    } else if is(BEFORE_NUMBER) {
        Dot::UnlessDigit
    } else if is(GOES_ON) || is_initials(word) {
        Dot::Inside
    } else if word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        if is_ordinal(&before[..before.len() - word.len()]) { Dot::Inside } else { Dot::UnlessSmall }
    } else {
        Dot::Ends
    }
}

/// The word at the end of a text; `None` if there is none, or one that is in no table.
fn last_word(text: &str, is_part: impl Fn(char) -> bool) -> Option<&str> {
    let mut start = text.len();
    for (length, (at, c)) in text.char_indices().rev().enumerate() {
        match (is_part(c), length) {
            (false, _) => break,
            (true, LONGEST) => return None,
            (true, _) => start = at,
        }
    }
    Some(&text[start..]).filter(|word| !word.is_empty())
}

/// "J", "z", "U.S": letters with a full stop between each two. "I" and the names of unknowns are words more often.
fn is_initials(word: &str) -> bool {
    let is_letter = |part: &str| {
        let mut letters = part.chars();
        letters.next().is_some_and(|c| c.is_lowercase() || c.is_uppercase()) && letters.next().is_none()
    };
    word.split('.').all(is_letter) && !matches!(word, "I" | "x" | "y")
}

/// Whether what stands before a number makes it an ordinal. English has an "am" too.
fn is_ordinal(before: &str) -> bool {
    let word_of =
        |text: &str| last_word(text, char::is_alphabetic).map(str::to_lowercase).unwrap_or_default();
    let text = before.trim_end();
    let word = word_of(text);
    let is_apart = text.len() < before.len();
    let is_of_i = word == "am" && word_of(text[..text.len() - word.len()].trim_end()) == "i";
    is_apart && BEFORE_ORDINAL.contains(&&*word) && !is_of_i
}

/// "1", "ii" or "a" at the beginning of a line, which may begin with what Markdown has there.
fn numbers_a_list(before: &str) -> bool {
    const MARKS: [char; 10] = ['*', '_', '#', '>', '-', '+', '•', '(', '|', '`'];
    let Some(number) = last_word(before, char::is_alphanumeric) else { return false };
    let lead = &before[..before.len() - number.len()];
    let all = |is: fn(char) -> bool| number.chars().all(is);
    lead.len() < 64
        && lead.chars().all(|c| c.is_whitespace() || MARKS.contains(&c))
        && ((number.len() <= 3 && all(|c| c.is_ascii_digit()))
            || (number.len() <= 4 && all(|c| matches!(c.to_ascii_lowercase(), 'i' | 'v' | 'x')))
            || is_initials(number))
}
