//! PDF files: what they do, what they hide, and what it costs to find out.

use custodian::documents::inspect::{Kind, Unfit};

use super::samples::{self, Pdf, deflated, revised};
use super::verdict;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("documents::inspect::pdfs::files as programs write them", good);
    suite.pure("documents::inspect::pdfs::what does more than show itself, wherever it is", active);
    suite.pure("documents::inspect::pdfs::opening goes to a page and nowhere else", opening);
    suite.pure("documents::inspect::pdfs::nothing before, between and after", frames);
    suite.pure("documents::inspect::pdfs::tables say what is there", tables);
    suite.pure("documents::inspect::pdfs::bombs cost little", bombs);
}

fn taken(what: &str, file: &[u8]) {
    assert_eq!(verdict(Kind::Pdf, file), Ok(()), "{what}");
}

fn refused(what: &str, file: &[u8], unfit: Unfit) {
    assert_eq!(verdict(Kind::Pdf, file), Err(unfit), "{what}");
}

fn broken(what: &str, file: &[u8]) {
    let found = verdict(Kind::Pdf, file);
    assert!(matches!(found, Err(Unfit::Broken(_))), "{what}: {found:?}");
}

fn good() {
    let link = "<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://x.example/Launch) >> >>";
    let packed =
        Pdf::default().packed(4, &[(5, "<< /Title (a\\)) >>"), (6, "[1 -2.5 true null 5 0 R <41 4>]")]);
    let stated = Pdf::default().object(5, "3").object(4, "<< /Length 5 0 R >>\nstream\r\nabc\nendstream");
    // As on macOS: the length of an object stream elsewhere, and tables that put at the start what is not there.
    let members = deflated(b"6 0 << /A 1 >>");
    let apart = Pdf::default().object(5, &members.len().to_string()).data(
        4,
        "/Length 5 0 R /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode",
        &members,
    );
    let mut nowhere = samples::pdf();
    let lines = nowhere.windows(8).position(|window| window == b"trailer\n").expect("it has a trailer");
    nowhere.splice(lines..lines, b"9 1\n0000000000 00000 n\r\n".iter().copied());
    // A table that was left over when all was written anew, and to which nothing leads.
    let over = "/Type /XRef /Size 9 /W [1 4 2] /Index [7 1] /Prev 12345 /Root 1 0 R";
    let left = Pdf::default().stream(4, over, &[1, 0, 0, 0, 99, 0, 0]);
    for (what, file) in [
        ("an object stream whose length is elsewhere", apart.build_with_stream(&[(6, 4)])),
        ("an entry for nothing", nowhere),
        ("a table left over", left.build()),
        ("nothing but a page", samples::pdf()),
        ("a link to the web", Pdf::default().object(4, link).build()),
        (
            "a link whose address is elsewhere",
            Pdf::default().object(4, "<< /S /URI /URI 5 0 R >>").object(5, "(HTTPS://x.example)").build(),
        ),
        ("names in texts", Pdf::default().object(4, "(see /JavaScript \\(/JS\\) (and /Launch))").build()),
        ("a name with escapes", Pdf::default().object(4, "/A#20B#2F").build()),
        ("data", Pdf::default().stream(4, "/Filter /FlateDecode", &deflated(b"0 0 m 10 10 l S")).build()),
        ("data of a length that comes later", stated.build()),
        ("object streams", packed.build_with_stream(&[(5, 4), (6, 4)])),
        ("a revision", revised(samples::pdf(), 3, "<< /Type /Page /Parent 2 0 R >>")),
        (
            "a flag, a unit, and objects called S and F",
            Pdf::default()
                .object(
                    4,
                    "[<< /Subtype /Link /F 4 >> << /S /P /F /D >> << /S 5 0 R /F 5 0 R >> << /A /A /B /A >>]",
                )
                .object(5, "<< /Type /Font >>")
                .build(),
        ),
        (
            "an address that others are relative to",
            Pdf::default().catalog("/URI << /Base (https://x.example) >>").build(),
        ),
        ("comments", Pdf::default().object(4, "% one\n<< % two > (\n /A 1 >>").build()),
    ] {
        taken(what, &file);
        let mut ended: &[u8] = &file;
        while let Some(shorter) = ended.strip_suffix(b"\n") {
            ended = shorter;
        }
        taken(what, ended);
        taken(what, &[ended, b"\r\n"].concat());
    }
    // Short names turn up in compressed data by chance.
    let data = [samples::filler(300), b"/JS /AA(".to_vec(), samples::filler(300)].concat();
    taken("what looks like a name in data", &Pdf::default().stream(4, "/Filter /DCTDecode", &data).build());
}

fn active() {
    let javascript = Unfit::Active("JavaScript");
    let files = Unfit::Active("files inside");
    let media = Unfit::Active("films, sounds or models");
    let elsewhere = Unfit::Active("links into other files");
    let sends = Unfit::Active("an action that sends or loads data");
    for (content, unfit) in [
        ("<< /S /JavaScript >>", javascript),
        ("<< /JS (app.alert(1)) >>", javascript),
        ("<< /S /J#61v#61Script >>", javascript),
        ("<< /#4A#53 (app.alert(1)) >>", javascript),
        ("<</S/#4a#61#76#61#53#63#72#69#70#74>>", javascript),
        ("<< /A [ << /B [ /JavaScript ] >> ] >>", javascript),
        ("<< /S /Launch /F (cmd.exe) >>", Unfit::Active("an action that starts a program")),
        ("<< /S /SubmitForm /F (https://x.example) >>", sends),
        ("<< /S /ImportData >>", sends),
        ("<< /S /GoToR /F (//x.example/share) >>", elsewhere),
        ("<< /S /GoToE >>", elsewhere),
        ("<< /S /Thread /F (//x.example/share) >>", elsewhere),
        ("<< /S /Thread /F 9 0 R >>", elsewhere),
        ("<< /S /Thread /F << /Type /Filespec >> >>", elsewhere),
        ("<< /Type /Filespec /UF (//x.example/share) >>", elsewhere),
        ("<< /S /Other /URI (file:///c:/x.exe) >>", Unfit::Active("links to something else than the web")),
        ("<< /URI (file:///c:/x.exe) >>", Unfit::Active("links to something else than the web")),
        ("<< /Type /EmbeddedFile >>", files),
        ("<< /Names << /EmbeddedFiles 9 0 R >> >>", files),
        ("<< /Type /Filespec /EF << /F 9 0 R >> >>", files),
        ("<< /Subtype /FileAttachment >>", files),
        ("<< /Subtype /RichMedia >>", media),
        ("<< /S /Rendition >>", media),
        ("<< /Subtype /3D >>", media),
        ("<< /XFA 9 0 R >>", Unfit::Active("an XFA form")),
        ("<< /AA << /O << /S /GoTo >> >> >>", Unfit::Active("actions that start by themselves")),
        ("<< /Encrypt 9 0 R >>", Unfit::Encrypted),
    ] {
        let object = Pdf::default().object(4, content);
        let unnamed =
            [format!("{}%\n", "%PDF-1.7\n4 0 obj\n").into_bytes(), content.into(), b"\nendobj\n".to_vec()];
        let whole = samples::pdf();
        let (head, rest) = whole.split_at(9);
        let shifted = [&unnamed.concat(), rest].concat();
        assert_eq!(head, b"%PDF-1.7\n");
        for (place, file) in [
            ("an object", object.build()),
            ("the catalog", Pdf::default().catalog(&format!("/More {content}")).build()),
            ("the trailer", Pdf::default().trailer(&format!("/More {content}")).build()),
            (
                "an object stream",
                Pdf::default().packed(4, &[(5, "1"), (6, content)]).build_with_stream(&[(6, 4)]),
            ),
            ("an object stream no table names", Pdf::default().packed(4, &[(6, content)]).build()),
            ("a revision", revised(samples::pdf(), 4, content)),
            ("a revision that was replaced", revised(object.build(), 4, "null")),
            ("an object no table names", shifted),
        ] {
            refused(&format!("{content} in {place}"), &file, unfit);
        }
    }
    for (what, dictionary, data, unfit) in [
        ("long names in data", "", &b"4 0 obj << /S /Java#53cript >> endobj"[..], javascript),
        ("data in another file", "/F (//x.example/share)", b"", elsewhere),
        ("a picture of another file", "/Subtype /Form /Ref << /F 9 0 R /Page 0 >>", b"", elsewhere),
        ("a type with escapes", "/Type /Obj#53tm /N 1 /First 4", b"9 0 << /JS (x) >>", javascript),
        ("no type", "/N 1 /First 4", b"9 0 << /JS (x) >>", javascript),
    ] {
        refused(what, &Pdf::default().stream(4, dictionary, data).build(), unfit);
    }
    for target in ["JavaScript:x", "\\152avascript:x", "file:///c:/x.exe", "//x.example/share", "9"] {
        for (what, file) in [
            ("an action", Pdf::default().object(4, &format!("<< /S /URI /URI ({target}) >>"))),
            (
                "an action of a link",
                Pdf::default().object(4, &format!("[<< /A << /URI ({target}) /S /URI >> >>]")),
            ),
        ] {
            refused(
                &format!("{target} in {what}"),
                &file.build(),
                Unfit::Active("links to something else than the web"),
            );
        }
    }
    let hidden = Pdf::default().object(4, "<< /A << /S 5 0 R /URI (https://x.example) >> >>");
    for kind in ["/URI", "/GoTo", "6 0 R"] {
        let file = hidden.clone().object(5, kind).object(6, "/URI");
        refused(kind, &file.build(), Unfit::Active("an action whose kind is elsewhere"));
    }
    for twice in [
        "<< /S /URI /URI (javascript:x) /URI (https://x.example) >>",
        "<< /S /GoTo /D [3 0 R /Fit] /S /URI >>",
        "[<< /A << /#53 /GoTo /B << /S 1 >> /S /Other >> >>]",
    ] {
        for (place, file) in [
            ("an object", Pdf::default().object(4, twice).build()),
            ("the trailer", Pdf::default().trailer(&format!("/More {twice}")).build()),
            (
                "an object stream",
                Pdf::default().packed(4, &[(5, "1"), (6, twice)]).build_with_stream(&[(6, 4)]),
            ),
        ] {
            broken(&format!("{twice} in {place}"), &file);
        }
    }
    broken(
        "two things to do at the start",
        &Pdf::default().catalog("/OpenAction << /S /Other >> /OpenAction [3 0 R /Fit]").build(),
    );
    let elsewhere = Pdf::default().object(4, "<< /S /URI /URI 5 0 R >>");
    for target in ["(file:///c:/x.exe)", "<< >>", "6 0 R"] {
        let file = elsewhere.clone().object(5, target).object(6, "(https://x.example)").build();
        refused(target, &file, Unfit::Active("links to something else than the web"));
    }
}

fn opening() {
    let goes = "<< /S /GoTo /D [3 0 R /Fit] >>";
    for (what, file) in [
        ("a place", Pdf::default().catalog("/OpenAction [3 0 R /Fit]")),
        ("an action", Pdf::default().catalog(&format!("/OpenAction {goes}"))),
        ("a place elsewhere", Pdf::default().catalog("/OpenAction 4 0 R").object(4, "[3 0 R /Fit]")),
        ("an action elsewhere", Pdf::default().catalog("/OpenAction 4 0 R").object(4, goes)),
    ] {
        taken(what, &file.build());
    }
    let packed = Pdf::default().catalog("/OpenAction 5 0 R");
    taken("an action in a stream", &packed.clone().packed(4, &[(5, goes)]).build_with_stream(&[(5, 4)]));

    let unfit = Unfit::Active("an action that starts when it is opened");
    let visits = "<< /S /URI /URI (https://x.example) >>";
    for (what, file) in [
        ("a link", Pdf::default().catalog(&format!("/OpenAction {visits}"))),
        ("a link elsewhere", Pdf::default().catalog("/OpenAction 4 0 R").object(4, visits)),
        ("printing", Pdf::default().catalog("/OpenAction << /S /Named /N /Print >>")),
        ("more after it", Pdf::default().catalog("/OpenAction << /S /GoTo /Next 4 0 R >>").object(4, visits)),
        ("nothing that is there", Pdf::default().catalog("/OpenAction 9 0 R")),
        ("a way round", Pdf::default().catalog("/OpenAction 4 0 R").object(4, "5 0 R").object(5, visits)),
    ] {
        refused(what, &file.build(), unfit);
    }
    refused("a link in a stream", &packed.packed(4, &[(5, visits)]).build_with_stream(&[(5, 4)]), unfit);
    let file = Pdf::default().catalog("/OpenAction 4 0 R").object(4, "[3 0 R /Fit]").build();
    refused("a link of a revision", &revised(file, 4, visits), unfit);
}

fn frames() {
    let file = samples::pdf();
    let archive = [&b"PK\x03\x04\x14\0\0\0\0\0"[..], &[0; 20]].concat();
    let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2E\0\0\0\0\x10\0\0\x02\0";
    refused("a line before", &[b"\n", &file[..]].concat(), Unfit::Type);
    refused("a picture before", &[samples::jpeg(), file.clone()].concat(), Unfit::Type);
    for more in [&b" "[..], b"\0", b"\n.", &archive, b"<script>", b"startxref"] {
        refused("something after", &[&file[..], more].concat(), Unfit::Trailing);
    }
    refused("two files", &[&file[..], &file].concat(), Unfit::Foreign("a PDF"));
    refused("no end", &file[..file.len() - 2], Unfit::Truncated);
    refused("only the magic", b"%PDF-1.7", Unfit::Truncated);
    broken("only the ends", b"%PDF-1.7\n%%EOF\n");
    refused("another version", b"%PDF-9.7\n%%EOF\n", Unfit::Type);
    for (what, comment, unfit) in [
        ("a page in a comment", &b"%<html><body>\n"[..], "a web page"),
        ("a script in a comment", b"%<?php x(); ?>\n", "a script"),
        ("an archive in a comment", b"%PK\x03\x04\x14\0\0\0\n", "an archive"),
    ] {
        let file = Pdf::default().object(4, &String::from_utf8_lossy(&[comment, b"null"].concat())).build();
        refused(what, &file, Unfit::Foreign(unfit));
    }
    // Its comment is the rest of the file.
    let file = Pdf::default().stream(4, "", &[&archive[..], end].concat()).build();
    refused("an archive in data", &file, Unfit::Foreign("an archive"));

    for (what, object) in [
        ("words between", "null endobj junk"),
        ("an object in two", "1 2"),
        ("a bracket too many", "[1]]"),
        ("brackets crossed", "[<<]>>"),
        ("a bracket too few", "<< /A [1 >>"),
        ("a program", "{ 1 add }"),
        ("a key without value", "<< /A 1 /B >>"),
        ("a word that is none", "<< /A maybe >>"),
        ("data without a dictionary", "5 stream\nendstream"),
        ("data without a length", "<< >>\nstream\nendstream"),
        ("data of a wrong length", "<< /Length 4 >>\nstream\nabcdef\nendstream"),
        ("data within data", "<< /Length 30 >>\nstream\nendstream endobj 5 0 obj 1\nendstream"),
        ("a length that is data", "<< /Length 4 0 R >>\nstream\nabc\nendstream"),
        ("a length that is nowhere", "<< /Length 9 0 R >>\nstream\nabc\nendstream"),
        ("no pages", "<< /Type /Catalog >>"),
    ] {
        broken(what, &Pdf::default().object(4, object).build());
    }
    let packed =
        |data: &[u8], more: &str| Pdf::default().stream(4, &format!("/Type /ObjStm {more}"), data).build();
    for (what, file) in [
        ("filtered twice", packed(b"9 0 1", "/N 1 /First 4 /Filter [/FlateDecode /FlateDecode]")),
        (
            "filtered in a way that is elsewhere",
            packed(b"9 0 1", "/N 1 /First 4 /Filter /FlateDecode /DecodeParms 5 0 R"),
        ),
        ("filtered otherwise", packed(b"39203020 31>", "/N 1 /First 4 /Filter /ASCIIHexDecode")),
        ("described twice", packed(b"9 0 1", "/N 1 /First 4 /Filter /ASCIIHexDecode /N 1")),
        ("compressed, and is not", packed(b"9 0 1", "/N 1 /First 4 /Filter /FlateDecode")),
        ("an index that is too long", packed(b"9 0 8 2 1", "/N 2 /First 8")),
        ("an index to the midst", packed(b"9 0 8 1 [1 2]", "/N 2 /First 8")),
        ("an index that names one twice", packed(b"9 0 8 0 [1 2]", "/N 2 /First 8")),
        ("an index beyond", packed(b"9 0 1", "/N 1 /First 99")),
        ("data in a stream of objects", packed(b"9 0 << >> stream", "/N 1 /First 4")),
    ] {
        broken(what, &file);
    }
}

fn tables() {
    let file = samples::pdf();
    let find = |part: &str| file.windows(part.len()).position(|window| window == part.as_bytes());
    let place = find("1 0 obj").expect("it has a catalog");
    for (what, from, to) in [
        ("an entry beside its object", format!("{place:010}"), format!("{:010}", place + 1)),
        ("an entry of another object", "1 1\n".to_owned(), "9 1\n".to_owned()),
        ("an entry beyond the file", format!("{place:010}"), "9999999999".to_owned()),
        ("a pointer beside the table", "startxref\n0".to_owned(), "startxref\n1".to_owned()),
        ("no pointer", "startxref\n".to_owned(), "%".to_owned()),
        ("a table before that is none", "/Root".to_owned(), "/Prev 20 /Root".to_owned()),
        ("a table before that is no number", "/Root".to_owned(), "/Prev /A /Root".to_owned()),
        ("no catalog", "/Root 1 0 R".to_owned(), String::new()),
        ("a catalog that is none", "/Root 1".to_owned(), "/Root 2".to_owned()),
        ("no page tree", "/Pages 2".to_owned(), "/Pages 1".to_owned()),
        ("no page", "/Type /Page ".to_owned(), String::new()),
    ] {
        // What is shorter is filled up: places do not move. What is longer stands after all of them.
        let at = find(&from).unwrap_or_else(|| panic!("{what}: {from} is not there"));
        let to = format!("{to:<width$}", width = from.len());
        broken(what, &[&file[..at], to.as_bytes(), &file[at + from.len()..]].concat());
    }
    let packed = Pdf::default().packed(4, &[(5, "1")]);
    broken("an object stream that is none", &packed.build_with_stream(&[(5, 3)]));
    broken("an object stream that is not there", &packed.build_with_stream(&[(5, 50)]));
}

/// On a stack of 1 MiB: deep nesting must be seen before anything recurses.
fn bombs() {
    let run = || {
        let repeated = |piece: &str, count: usize| piece.repeat(count);
        for (what, content, unfit) in [
            ("deep arrays", repeated("[", 3_000_000), Unfit::Complex),
            ("deep dictionaries", repeated("<</A", 1_000_000), Unfit::Complex),
            ("deep texts", repeated("(", 3_000_000), Unfit::Complex),
            ("as deep as may be, and one", repeated("[", 41) + repeated("]", 41).as_str(), Unfit::Complex),
            ("many words", format!("[{}]", repeated("1 ", 1_000_000)), Unfit::Complex),
            ("a long text", format!("({})", repeated("a", 5_000_000)), Unfit::Complex),
            ("many objects", repeated("1 endobj 5 0 obj ", 250_000) + "1", Unfit::Complex),
        ] {
            refused(what, &Pdf::default().object(4, &content).build(), unfit);
        }
        let deep = [repeated("[", 39), repeated("(", 40), repeated(")", 40), repeated("]", 39)].concat();
        taken("as deep as may be", &Pdf::default().object(4, &deep).build());

        let zeros = deflated(&vec![b' '; 64 << 20]);
        let file =
            Pdf::default().stream(4, "/Type /ObjStm /N 0 /First 0 /Filter /FlateDecode", &zeros).build();
        refused("an object stream of 64 MiB", &file, Unfit::Complex);
        taken("a page of 64 MiB", &Pdf::default().stream(4, "/Filter /FlateDecode", &zeros).build());
        let most = deflated(&[b"9 0 (".to_vec(), vec![b'a'; (2 << 20) - 10], b")".to_vec()].concat());
        let mut many = Pdf::default();
        for number in 4..30 {
            many = many.stream(number, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &most);
        }
        refused("many object streams of 2 MiB", &many.build(), Unfit::Complex);
        let most = deflated(&vec![0; 2 << 20]);
        let mut many = Pdf::default();
        for number in 4..30 {
            let table = "/Type /XRef /Size 1 /W [1 4 2] /Index [] /Root 1 0 R /Filter /FlateDecode";
            many = many.stream(number, table, &most);
        }
        refused("many tables of 2 MiB", &many.build(), Unfit::Complex);
        let space = format!("null endobj{}5 0 obj null", repeated(" ", 5_000_000));
        let mut lines = Pdf::default().object(4, &space).build();
        let (start, line) = (lines.len(), "0000000500 00000 n\r\n");
        lines.extend(format!("xref\n5 190000\n{}trailer\n<<>>\n", repeated(line, 190_000)).into_bytes());
        lines.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        broken("a table whose lines all point into one space", &lines);
        let free = deflated(&vec![0; 600_003]);
        let short = "/Type /XRef /Size 1 /W [1 1 1] /Index [0 200001] /Root 1 0 R /Filter /FlateDecode";
        refused(
            "a table of many short entries",
            &Pdf::default().stream(4, short, &free).build(),
            Unfit::Complex,
        );
        let entries = "/Type /XRef /Size 9 /W [1 4 2] /Index [0 4294967295] /Root 1 0 R";
        broken("a table of all numbers", &Pdf::default().stream(4, entries, &[0; 70]).build());
        // Each length is the next one's data.
        let mut chain = Pdf::default();
        for number in 4..20_000 {
            chain = chain.object(number, &format!("<</Length {} 0 R>>\nstream\nendstream", number + 1));
        }
        broken("lengths of lengths", &chain.object(20_000, "0").build());
    };
    let thread =
        std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("the system gives threads");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
