//! The words and numbers of JSON, and what servers write in their place.

use super::tolerated::Oddity;

/// `None`: no scalar. Otherwise the oddity that it is, if any.
pub(super) fn scalar_kind(token: &[u8]) -> Option<Option<Oddity>> {
    const NON_FINITE: [&str; 6] = ["nan", "-nan", "inf", "-inf", "infinity", "-infinity"];
    if matches!(token, b"true" | b"false" | b"null") || is_strict_number(token) {
        return Some(None);
    }
    let text = str::from_utf8(token).ok()?;
    if NON_FINITE.iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(Some(Oddity::NonFinite));
    }
    is_number(token).then_some(Some(Oddity::BadNumber))
}

/// Whether `token` reads as a finite number; also one that JSON does not allow, such as `+1`.
pub(super) fn is_number(token: &[u8]) -> bool {
    // 1e999 is a number to JSON and an infinity to us: what it stands for is as unknown as an Infinity.
    // NaN, and not `None`, where it does not read: compiled, a look into an `Option` may come before the question
    // whether it holds anything, and valgrind then reports a branch on what nobody wrote.
    let number = || str::from_utf8(token).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
    is_strict_number(token) || (token.iter().any(u8::is_ascii_digit) && number().is_finite())
}

/// Whether JSON's grammar allows `token` as a number.
pub(super) fn is_strict_number(token: &[u8]) -> bool {
    fn digits(text: &[u8]) -> (usize, &[u8]) {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length, &text[length..])
    }
    let rest = token.strip_prefix(b"-").unwrap_or(token);
    let (whole, mut rest) = digits(rest);
    let zeros_ahead = whole > 1 && token.iter().find(|byte| **byte != b'-') == Some(&b'0');
    if whole == 0 || zeros_ahead {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let (length, after) = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = after;
    }
    if let Some((b'e' | b'E', exponent)) = rest.split_first() {
        let exponent = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let (length, after) = digits(exponent);
        return length > 0 && after.is_empty();
    }
    rest.is_empty()
}
