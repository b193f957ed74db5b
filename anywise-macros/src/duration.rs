//! A length of time written as a user writes it: `"250ms"`, `"5s"`, `"2m"`, `"1h"`.

use syn::parse::ParseStream;

use crate::keys::Key;

/// The milliseconds given with `key = "5s"`.
pub(crate) fn milliseconds(key: &Key<'_>, input: ParseStream<'_>) -> syn::Result<u64> {
    let example = format!("{} = \"5s\"", key.name);
    let text = key.text(input, &example)?;
    parse(&text.value()).ok_or_else(|| {
        key.error(&text, "a whole number above 0 and a unit (`ms`, `s`, `m` or `h`)", &example)
    })
}

fn parse(text: &str) -> Option<u64> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor).filter(|&milliseconds| milliseconds > 0)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_length_of_time_is_a_whole_number_and_a_unit() {
        let check = |text, expected| assert_eq!(parse(text), expected, "{text}");
        check("250ms", Some(250));
        check("5s", Some(5_000));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        check("0s", None);
        check("5", None);
        check("s", None);
        check("", None);
        check("1.5s", None);
        check("-1s", None);
        check("5 s", None);
        check("18446744073709551615h", None);
    }
}
