//! JPEG and PNG images.

use custodian::documents::inspect::{Kind, Unfit};

use super::samples::{
    chunk, header, jpeg, jpeg_around, jpeg_with, pdf, picture, png, png_of_chunks, png_with, segment,
};
use super::verdict;
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("documents::inspect::images::pictures as cameras and programs make them", good);
    suite.pure("documents::inspect::images::a frame that is not kept", frames);
    suite.pure("documents::inspect::images::pictures of no size or too many pixels", extents);
    suite.pure("documents::inspect::images::nothing after the end", trailing);
    suite.pure("documents::inspect::images::other formats and scripts inside", foreign);
    suite.pure("documents::inspect::images::a byte of a PNG that was changed is seen", sums);
}

/// One scan of a JPEG: its header and data.
fn scan(data: &[u8]) -> Vec<u8> {
    [&segment(0xDA, &[1, 1, 0, 0, 63, 0]), data].concat()
}

fn good() {
    // As a camera's: a second JPEG image within the first, for previews.
    let exif = [&b"Exif\0\0II*\0\x08\0\0\0"[..], &jpeg()].concat();
    let profile = [&b"ICC_PROFILE\0\x01\x01"[..], &[0; 3000]].concat();
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<?xpacket begin='' id='W5M0'?><x:xmpmeta/><?xpacket end='w'?>";
    let scans = [
        scan(b"\x12\xFF\0\x34\xFF\xD0\x56\xFF\xFF\xD1\x78"),
        segment(0xC4, &[0; 17]),
        scan(b"\x9A\xFF\xFF\0"),
    ];
    for (what, file) in [
        ("exif with a preview", jpeg_with(&segment(0xE1, &exif), &[])),
        ("a colour profile", jpeg_with(&[], &segment(0xE2, &profile))),
        ("an xmp packet", jpeg_with(&[], &segment(0xE1, xmp))),
        ("a comment without text", jpeg_with(&[], &segment(0xFE, b""))),
        ("marks filled up", jpeg_with(&[0xFF, 0xFF, 0xFF], &[])),
        ("scans with restarts and tables between", jpeg_around(&[], &[], [8, 8], &scans.concat())),
        ("the largest", jpeg_around(&[], &[], [5_000, 10_000], &scan(&[1]))),
    ] {
        assert_eq!(verdict(Kind::Jpeg, &file), Ok(()), "{what}");
    }

    let end = chunk(b"IEND", b"");
    let palette = png_of_chunks(&[
        &header(9, 9, 2, 3),
        &chunk(b"PLTE", &[0; 12]),
        &chunk(b"tRNS", &[0]),
        &picture(),
        &end,
    ]);
    let split = png_of_chunks(&[
        &header(9, 9, 16, 6),
        &picture(),
        &chunk(b"IDAT", b""),
        &picture(),
        &chunk(b"tIME", &[0; 7]),
        &end,
    ]);
    for (what, file) in [
        ("a palette", palette),
        ("a picture of several chunks, one empty", split),
        ("a text", png_with(&chunk(b"tEXt", b"Software\0a < b && c > d"))),
        ("an xmp packet", png_with(&chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<?xpacket begin=''?>"))),
        ("a chunk of a program's own", png_with(&chunk(b"iDOT", &[0; 28]))),
        ("the largest", png_of_chunks(&[&header(50_000, 1_000, 1, 0), &picture(), &end])),
    ] {
        assert_eq!(verdict(Kind::Png, &file), Ok(()), "{what}");
    }
}

fn frames() {
    let jpeg_of = |then: &[u8]| jpeg_with(&[], then);
    let size = |content: &[u8]| jpeg_of(&segment(0xC0, content));
    for (what, file) in [
        ("no picture", jpeg_around(&[], &[], [8, 8], b"")),
        ("a scan without data", jpeg_around(&[], &[], [8, 8], &scan(b""))),
        ("a scan before the size", jpeg_of(&scan(&[1]))),
        ("two sizes", size(&[8, 0, 8, 0, 8, 1, 1, 0x11, 0])),
        ("a size of three parts that names one", size(&[8, 0, 8, 0, 8, 3, 1, 0x11, 0])),
        ("a size that is too short", size(&[8, 0, 8])),
        ("lossless", jpeg_of(&segment(0xC3, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]))),
        ("two images in one", jpeg_of(&[0xFF, 0xD8])),
        ("a restart without a scan", jpeg_of(&[0xFF, 0xD0])),
        ("bytes between segments", jpeg_of(b"\0\0")),
        ("a length of one", jpeg_of(&[0xFF, 0xFE, 0, 1])),
        ("a length of none", jpeg_of(&[0xFF, 0xFE, 0, 0])),
    ] {
        assert!(
            matches!(verdict(Kind::Jpeg, &file), Err(Unfit::Broken(_))),
            "{what}: {:?}",
            verdict(Kind::Jpeg, &file)
        );
    }
    assert_eq!(verdict(Kind::Jpeg, &jpeg_of(&[0xFF, 0xFE, 0xFF, 0xFF])), Err(Unfit::Truncated));

    let (start, middle, end) = (header(1, 1, 8, 0), picture(), chunk(b"IEND", b""));
    let palette = chunk(b"PLTE", &[0; 3]);
    let mut wrong = picture();
    *wrong.last_mut().expect("it has bytes") ^= 1;
    for (what, chunks) in [
        ("no picture", vec![&start, &end]),
        ("no header", vec![&middle, &end]),
        ("two headers", vec![&start, &start, &middle, &end]),
        ("a header of twelve bytes", vec![&chunk(b"IHDR", &[0; 12]), &middle, &end]),
        ("a picture in two places", vec![&start, &middle, &chunk(b"tIME", &[0; 7]), &middle, &end]),
        ("a palette after the picture", vec![&header(1, 1, 8, 2), &middle, &palette, &end]),
        ("a palette of grey", vec![&start, &palette, &middle, &end]),
        ("two palettes", vec![&header(1, 1, 8, 3), &palette, &palette, &middle, &end]),
        ("no palette", vec![&header(1, 1, 8, 3), &middle, &end]),
        ("a palette of four bytes", vec![&header(1, 1, 8, 3), &chunk(b"PLTE", &[0; 4]), &middle, &end]),
        ("a chunk that matters and is unknown", vec![&start, &chunk(b"CgBI", &[0; 4]), &middle, &end]),
        ("a chunk of a later version", vec![&start, &chunk(b"tExt", b"a"), &middle, &end]),
        ("a chunk whose name is none", vec![&start, &chunk(b"t\0Xt", b"a"), &middle, &end]),
        ("an end with content", vec![&start, &middle, &chunk(b"IEND", b"a")]),
        ("a picture that is not compressed", vec![&start, &chunk(b"IDAT", b"PK\x03\x04"), &end]),
        ("a wrong sum", vec![&start, &wrong, &end]),
        ("a depth of three", vec![&header(1, 1, 3, 0), &middle, &end]),
        ("a colour of one", vec![&header(1, 1, 8, 1), &middle, &end]),
    ] {
        let chunks: Vec<&[u8]> = chunks.into_iter().map(Vec::as_slice).collect();
        let found = verdict(Kind::Png, &png_of_chunks(&chunks));
        assert!(matches!(found, Err(Unfit::Broken(_))), "{what}: {found:?}");
    }
    let animation = png_with(&chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]));
    assert_eq!(verdict(Kind::Png, &animation), Err(Unfit::Animated));
}

fn extents() {
    for (height, width, unfit) in [
        (0, 8, Unfit::Broken("the picture has no extent")),
        (8, 0, Unfit::Broken("the picture has no extent")),
        (5_000, 10_001, Unfit::Dimensions),
        (u16::MAX, u16::MAX, Unfit::Dimensions),
    ] {
        let file = jpeg_around(&[], &[], [height, width], &scan(&[1]));
        assert_eq!(verdict(Kind::Jpeg, &file), Err(unfit), "{width} by {height}");
        let file =
            png_of_chunks(&[&header(width.into(), height.into(), 8, 0), &picture(), &chunk(b"IEND", b"")]);
        assert_eq!(verdict(Kind::Png, &file), Err(unfit), "{width} by {height}");
    }
    let file = png_of_chunks(&[&header(u32::MAX, u32::MAX, 8, 0), &picture(), &chunk(b"IEND", b"")]);
    assert_eq!(verdict(Kind::Png, &file), Err(Unfit::Dimensions));
}

fn trailing() {
    for (what, more) in [
        ("a line end", b"\n".to_vec()),
        ("a zero", vec![0]),
        // Phones append further pictures (CIPA DC-007) and films.
        ("a second picture", jpeg()),
        ("a film", b"\0\0\0\x18ftypmp42".to_vec()),
        ("an archive", b"PK\x03\x04\x14\0\0\0\0\0".to_vec()),
        ("a page", b"<html><script>alert()</script>".to_vec()),
    ] {
        for (kind, file) in [(Kind::Jpeg, jpeg()), (Kind::Png, png())] {
            assert_eq!(
                verdict(kind, &[file, more.clone()].concat()),
                Err(Unfit::Trailing),
                "{what} after {kind:?}"
            );
        }
    }
}

fn foreign() {
    let archive = [&b"PK\x03\x04\x2D\0\0\0\0\0"[..], &[0; 40]].concat();
    for (what, content) in [
        ("a script", &b"<?php system($_GET[0]); ?>"[..]),
        ("a script", b"<SCRIPT src=//x.example>"),
        ("a web page", b"\n<html>"),
        ("a web page", b"<!DOCTYPE HTML>"),
        ("a web page", b"<svg onload=alert()>"),
        ("a web page", b"<iframe src=x>"),
        ("an archive", &archive),
        ("an archive", b"Rar!\x1A\x07\x01\0"),
        ("an archive", b"7z\xBC\xAF\x27\x1C\0\x04"),
        ("a PDF", &pdf()),
        ("a program", b"\x7FELF\x02\x01\x01\0"),
        ("a program", b"MZ\x90 ... This program cannot be run in DOS mode."),
    ] {
        let padded = [&[0; 700][..], content].concat();
        for (kind, file) in [
            (Kind::Jpeg, jpeg_with(&segment(0xFE, content), &[])),
            (Kind::Jpeg, jpeg_with(&[], &segment(0xE1, &padded))),
            (Kind::Jpeg, jpeg_with(&[], &segment(0xDB, &padded))),
            (Kind::Png, png_with(&chunk(b"tEXt", &padded))),
            (Kind::Png, png_with(&chunk(b"raNd", content))),
        ] {
            assert_eq!(
                verdict(kind, &file),
                Err(Unfit::Foreign(what)),
                "{:?} in {kind:?}",
                content.escape_ascii().to_string()
            );
        }
    }
    // Readers of PDF files take a header that is not the first thing, in stored blocks of a picture as well.
    for (content, unfit) in [(pdf(), "a PDF"), (b"<html>".to_vec(), "a web page")] {
        let near = [&b"\x78\x01"[..], &[0; 500], &content].concat();
        let file = png_of_chunks(&[&header(1, 1, 8, 0), &chunk(b"IDAT", &near), &chunk(b"IEND", b"")]);
        assert_eq!(verdict(Kind::Png, &file), Err(Unfit::Foreign(unfit)));
        assert_eq!(
            verdict(Kind::Jpeg, &jpeg_around(&[], &[], [8, 8], &scan(&near))),
            Err(Unfit::Foreign(unfit))
        );
    }
    // Within what is compressed nothing else can be told, but the end of an archive, whose comment is the rest of the picture.
    let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2E\0\0\0\0\x10\0\0\x02\0";
    let file = jpeg_around(&[], &[], [8, 8], &scan(end));
    assert_eq!(verdict(Kind::Jpeg, &file), Err(Unfit::Foreign("an archive")));
    let picture = [&b"\x78\x01"[..], end].concat();
    let file = png_of_chunks(&[&header(1, 1, 8, 0), &chunk(b"IDAT", &picture), &chunk(b"IEND", b"")]);
    assert_eq!(verdict(Kind::Png, &file), Err(Unfit::Foreign("an archive")));
    // Further from the end nobody looks for it.
    let file = jpeg_around(&[], &[], [8, 8], &scan(&[&[1; 1_200], &end[..], &[1; 70_000]].concat()));
    assert_eq!(verdict(Kind::Jpeg, &file), Ok(()));
}

fn sums() {
    let file = png_with(&chunk(b"tEXt", b"Title\0one"));
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            assert!(verdict(Kind::Png, &changed).is_err(), "bit {bit} of byte {at}");
        }
    }
}
