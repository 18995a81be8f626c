use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::*;
use crate::geo::{Gebiedsdeel, Postcodepunt, Punt};

fn punt(lat: i32, lon: i32) -> Punt {
    Punt { lat, lon }
}

fn refusal(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn four_and_six_characters_may_be_mixed() {
    let text = "postcode,plaats,gemeente,provincie,lat,lon,inwoners\n\
                3511ab,Utrecht,Utrecht,Utrecht,52.09,5.11,12\n\
                3511,Utrecht,Utrecht,Utrecht,52.0896,5.1177,9000\n\
                \"3511 ZZ\",Utrecht,Utrecht,Utrecht,52.10,5.13,\n\
                1012,Amsterdam,,,52.37339,4.89406,1\n";
    let gebieden = read(text.as_bytes()).unwrap();
    let [amsterdam, utrecht] = gebieden.as_slice() else {
        panic!("{gebieden:?}");
    };
    assert_eq!(amsterdam.postcode4, 1012);
    assert_eq!(amsterdam.centrum, punt(52_373_390, 4_894_060));
    assert_eq!(amsterdam.delen[0].provincie, None);
    assert_eq!(utrecht.centrum, punt(52_089_600, 5_117_700));
    assert_eq!(
        utrecht.delen,
        [Gebiedsdeel {
            plaats: Some("Utrecht".to_owned()),
            gemeente: Some("Utrecht".to_owned()),
            provincie: Some("Utrecht".to_owned()),
            centrum: punt(52_095_000, 5_120_000),
        }]
    );
    let first = Postcodepunt {
        letters: *b"AB",
        punt: punt(52_090_000, 5_110_000),
    };
    assert_eq!((utrecht.postcodes.len(), utrecht.postcodes[0]), (2, first));
    assert!(gebieden.iter().all(Postcodegebied::is_well_formed));
}

#[test]
fn without_a_row_of_four_digits_the_centre_is_the_mean() {
    let text = "postcode6,lat,lon,woonplaats\n\
                7475AA,52.2,6.4,Markelo\n\
                7475AC,52.2,6.6,Stokkum\n\
                7475AB,52.3,6.5,Markelo\n";
    let gebied = read(text.as_bytes()).unwrap().remove(0);
    assert_eq!(gebied.centrum, punt(52_233_333, 6_500_000));
    let plaatsen: Vec<_> = gebied.delen.iter().map(|d| d.plaats.as_deref()).collect();
    assert_eq!(plaatsen, [Some("Markelo"), Some("Stokkum")]);
    assert_eq!(gebied.delen[1].centrum, punt(52_200_000, 6_600_000));
}

#[test]
fn spreadsheets_write_semicolons_commas_and_a_byte_order_mark() {
    let text =
        "\u{feff}Postcode4;Postcode6;LAT;Lon\r\n3511;;52,09;5,11\r\n3511;3511 AB;52.1;5.12\r\n";
    let gebied = read(text.as_bytes()).unwrap().remove(0);
    assert_eq!(gebied.centrum, punt(52_090_000, 5_110_000));
    assert_eq!(gebied.punt(*b"AB"), Some(punt(52_100_000, 5_120_000)));
    assert_eq!(gebied.delen, []);
}

#[test]
fn gzip_gives_the_same_and_half_of_it_is_refused() {
    let text = "postcode,lat,lon\n3511,52.09,5.11\n";
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(
        read(packed.as_slice()).unwrap(),
        read(text.as_bytes()).unwrap()
    );
    let torn = read(&packed[..packed.len() - 9]).unwrap_err();
    assert!(matches!(torn, TabelError::Gzip(_)), "{torn}");
}

#[test]
fn the_same_row_twice_is_one_and_another_is_refused() {
    let once = "postcode,lat,lon,plaats\n3511AB,52.09,5.11,Utrecht\n";
    let again = format!("{once}3511 ab,52.090,5.11,Utrecht\n");
    assert_eq!(
        read(again.as_bytes()).unwrap(),
        read(once.as_bytes()).unwrap()
    );
    for other in ["3511AB,52.08,5.11,Utrecht", "3511AB,52.09,5.11,Zeist"] {
        let text = refusal(&format!("{once}3512,52.1,5.1,\n{other}\n"));
        assert!(
            text.contains("line 4: postcode 3511AB stands on line 2"),
            "{text}"
        );
    }
}

#[test]
fn what_is_wrong_is_named_with_line_column_and_what_would_be_right() {
    for (text, expect) in [
        ("", "the table has no rows"),
        ("postcode,lat,lon\n", "the table has no rows"),
        (
            "pc,lat,lon\n",
            "column `postcode`, `postcode4` or `postcode6`",
        ),
        ("postcode,lat\n", "must have a column `lon`"),
        (
            "postcode,lat,lon\n0999,52,5\n",
            "line 2, column `postcode`: `0999` must be a postcode of four digits or six",
        ),
        (
            "postcode,lat,lon\n3511,52.1,5.1\n3512,,5.1\n",
            "line 3, column `lat`: `` must be degrees with a point, such as 52.09083",
        ),
        (
            "postcode,lat,lon\n3511,\"52,1\",5.1\n",
            "column `lat`: `52,1` must be degrees with a point",
        ),
        (
            "postcode;lat;lon\n3511;52,1,0;5,1\n",
            "column `lat`: `52,1,0` must be degrees, such as 52,09083",
        ),
        ("postcode,lat,lon\n3511,NaN,5.1\n", "`NaN` must be degrees"),
        (
            "postcode,lat,lon\n3511,5.1,52.1\n",
            "line 2, columns `lat` and `lon`: 5.1, 52.1 is not in the Netherlands (lat 50.7 to \
             53.7, lon 3.2 to 7.3): they have changed places",
        ),
        (
            "postcode,lat,lon\n3511,48.8,2.3\n",
            "48.8, 2.3 is not in the Netherlands (lat 50.7 to 53.7, lon 3.2 to 7.3)",
        ),
        (
            "postcode,lat,lon\n3511,52.1\n",
            "line 2 has 2 fields, the header has 3",
        ),
    ] {
        let found = refusal(text);
        assert!(found.contains(expect), "{found}");
    }
    let long = format!(
        "postcode,lat,lon,plaats\n3511,52.1,5.1,{}\n",
        "x".repeat(81)
    );
    assert!(refusal(&long).contains("column `plaats`"));
    let latin = read(b"postcode,lat,lon,plaats\n3511,52.1,5.1,Sint Odili\xebnberg\n".as_slice());
    assert!(
        latin
            .unwrap_err()
            .to_string()
            .contains("line 2 is not UTF-8")
    );
}
