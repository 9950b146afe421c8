//! Names and declared types.

use custodian::documents::inspect::{Kind, Unfit, kind_of, safe_name};

use super::samples;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("documents::inspect::names::content, name and declared type say the same", agreement);
    suite.pure("documents::inspect::names::what is called a picture and is none", disguises);
    suite.pure("documents::inspect::names::a name is kept without what deceives", kept);
}

fn agreement() {
    let [pdf, jpeg, png] = [samples::pdf(), samples::jpeg(), samples::png()];
    for (file, name, declared, kind) in [
        (&pdf, "passport.pdf", Some("application/pdf"), Kind::Pdf),
        (&pdf, "PASSPORT.PDF", None, Kind::Pdf),
        (&pdf, "паспорт 日本.pdf", Some(""), Kind::Pdf),
        (&pdf, "rechnung.2026.11.pdf", Some("application/octet-stream"), Kind::Pdf),
        (&pdf, "zip.pdf", Some("Application/PDF; name=x"), Kind::Pdf),
        (&jpeg, "me.jpg", Some("image/jpeg"), Kind::Jpeg),
        (&jpeg, "me.JpEg", Some("image/jpg"), Kind::Jpeg),
        (&png, "me.png", Some("image/png"), Kind::Png),
    ] {
        assert_eq!(kind_of(&file[..16], name, declared), Ok(kind), "{name} as {declared:?}");
    }
    for (file, name, declared, unfit) in [
        (&pdf, "passport", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.jpg", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.pdf.exe", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.exe.pdf", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.HTML .pdf", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.pdf:stream.exe", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.\u{202E}fdp.exe", None, Unfit::Extension(Kind::Pdf)),
        (&pdf, "passport.pdf\0.exe", None, Unfit::Name),
        (&pdf, "passport.pdf", Some("image/png"), Unfit::Declared(Kind::Pdf)),
        (&pdf, "passport.pdf", Some("text/html"), Unfit::Declared(Kind::Pdf)),
        (&jpeg, "me.png", Some("image/png"), Unfit::Extension(Kind::Jpeg)),
        (&png, "me.png", Some("image/jpeg"), Unfit::Declared(Kind::Png)),
        (&Vec::new(), "me.png", None, Unfit::Empty),
    ] {
        assert_eq!(kind_of(file, name, declared), Err(unfit), "{name} as {declared:?}");
    }
}

fn disguises() {
    for (what, start) in [
        ("html", &b"<!DOCTYPE html><p>"[..]),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0"),
        ("elf", b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("sh", b"#!/bin/sh\nexit 0\n"),
        ("php", b"<?php phpinfo(); "),
        ("gif", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0"),
        ("gif that is a script", b"GIF89a/*\x01\0*/=1;alert()"),
        ("webp", b"RIFF\x24\0\0\0WEBPVP8 "),
        ("docx", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0"),
        ("a bit of a JPEG", b"\xFF\xD8"),
        ("a bit of a PNG", b"\x89PNG\r\n"),
        ("a PDF after a space", b" %PDF-1.7\n%\xE2\xE3\xCF\xD3\n"),
    ] {
        for name in ["a.pdf", "a.jpg", "a.png"] {
            assert_eq!(kind_of(start, name, None), Err(Unfit::Type), "{what} as {name}");
        }
    }
}

fn kept() {
    let long = format!("{}.pdf", "я".repeat(300));
    for (name, safe) in [
        ("passport.pdf", "passport.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\fakepath\\me.jpg", "me.jpg"),
        ("/etc/\\..\\me.jpg", "me.jpg"),
        // Composed, as it is on other systems.
        ("re\u{301}sume\u{200B}\u{301}.pdf", "résumé.pdf"),
        ("me\u{202E}gpj.exe", "megpj.exe"),
        ("\u{FEFF}m\u{200B}e.\u{E0041}pdf", "me.pdf"),
        // Persian is written with joiners.
        ("می\u{200C}خواهم.pdf", "می\u{200C}خواهم.pdf"),
        (" me .pdf. . ", "me.pdf"),
        ("a\"b;c:d|e?.pdf", "a_b;c_d_e_.pdf"),
        ("no ending", "no ending"),
        (&long, &format!("{}.pdf", "я".repeat(125))),
    ] {
        let found = safe_name(name);
        assert_eq!(found.as_deref(), Ok(safe), "{name:?}");
        assert_eq!(safe_name(safe).as_deref(), Ok(safe), "{name:?}, once more");
    }
    for name in [
        "",
        ".",
        "..",
        "...",
        "../",
        ".pdf",
        "a\0.pdf",
        "a\r\nSet-Cookie: b.pdf",
        "\u{202E}",
        "__.pdf",
        "a\u{85}.pdf",
    ] {
        assert_eq!(safe_name(name), Err(Unfit::Name), "{name:?}");
    }
    assert_eq!(safe_name(&format!("a.{}", "b".repeat(300))), Err(Unfit::Name));
}
