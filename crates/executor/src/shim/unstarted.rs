//! Why the system did not start a program, in words that name what is missing or wrong.

use std::{
    env::consts::ARCH,
    fs::File,
    io::{self, Read},
    path::Path,
};

use nix::errno::Errno;

/// A script's first line and the tables of a program are in its beginning.
const BEGINNING_BYTES: u64 = 4096;

/// The type of the part of a program that names its loader.
const LOADER: u32 = 3;

/// What the error does not say of itself: it is the same whether the program is missing or what runs it.
pub(super) fn reason(path: &Path, error: &io::Error) -> String {
    let told = format!("the program cannot be started: {error}");
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING_BYTES).read_to_end(&mut start));
    if read.is_err() {
        return told;
    }
    let code = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    let more = match code {
        Errno::ENOENT | Errno::EACCES | Errno::ENOTDIR => interpreter(&start, code),
        Errno::ENOEXEC => Some(format_of(&start)),
        _ => None,
    };
    more.map_or(told, |more| {
        format!("the program cannot be started: {more}")
    })
}

/// That what runs the program is missing, or may not be run.
fn interpreter(start: &[u8], code: Errno) -> Option<String> {
    let what = match code {
        Errno::ENOENT => "does not exist here",
        Errno::EACCES => "may not be run here",
        _ => "is no file",
    };
    if let Some(line) = start.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let name = text
            .trim_start_matches([' ', '\t'])
            .split([' ', '\t'])
            .next()?;
        if let Some(name) = name.strip_suffix('\r') {
            return Some(format!(
                "its first line names the interpreter `{name}\\r`: its lines end with CRLF, as on Windows. Save it \
                 with LF line ends"
            ));
        }
        // A file that may not be run fails so itself, whatever runs it.
        let itself = code == Errno::EACCES && Path::new(name).exists();
        return (!itself).then(|| format!("its interpreter `{name}` {what}"));
    }
    let name = Elf::of(start)?.loader()?;
    (code == Errno::ENOENT)
        .then(|| format!("its loader `{name}` {what}: it is linked for another system"))
}

/// That the system knows no way to run such a file.
fn format_of(start: &[u8]) -> String {
    if let Some(elf) = Elf::of(start) {
        let found = elf.architecture();
        return if found == ARCH {
            format!("it is a damaged program for {found}")
        } else {
            format!("it is a program for {found}, and this machine is {ARCH}")
        };
    }
    let found = match start {
        [b'M', b'Z', ..] => "a program for Windows",
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => "a program for macOS",
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => "an archive",
        [0xef, 0xbb, 0xbf, b'#', b'!', ..] => {
            "a script that begins with a byte order mark, which hides its first line"
        }
        [] => "empty",
        _ => "neither a script that begins with `#!` nor a program",
    };
    format!("it is {found}, and this machine is Linux on {ARCH}")
}

/// The beginning of a program.
struct Elf<'a> {
    bytes: &'a [u8],
    /// Its numbers begin with the high byte.
    big: bool,
    /// Its addresses have 64 bits.
    wide: bool,
}

impl<'a> Elf<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(b"\x7fELF").then_some(())?;
        Some(Self {
            bytes,
            wide: *bytes.get(4)? == 2,
            big: *bytes.get(5)? == 2,
        })
    }

    /// The number of so many bytes at a place.
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }

    /// As Rust and `uname` call it.
    fn architecture(&self) -> String {
        let known = match self.number(18, 2) {
            Some(3) => "x86",
            Some(8) => "mips",
            Some(20) => "powerpc",
            Some(21) => "powerpc64",
            Some(22) => "s390x",
            Some(40) => "arm",
            Some(62) => "x86_64",
            Some(183) => "aarch64",
            Some(243) => "riscv64",
            Some(258) => "loongarch64",
            other => return format!("machine number {}", other.unwrap_or_default()),
        };
        known.to_owned()
    }

    /// The program that loads it.
    fn loader(&self) -> Option<String> {
        let (table, count) = if self.wide { (32, 56) } else { (28, 44) };
        let width = if self.wide { 8 } else { 4 };
        let table = usize::try_from(self.number(table, width)?).ok()?;
        let size = usize::try_from(self.number(count - 2, 2)?).ok()?;
        let count = usize::try_from(self.number(count, 2)?).ok()?;
        let (offset, length) = if self.wide { (8, 32) } else { (4, 16) };
        let parts = (0..count).map(|number| table + number * size);
        let loader = { parts }.find(|at| self.number(*at, 4) == Some(u64::from(LOADER)))?;
        let begin = usize::try_from(self.number(loader + offset, width)?).ok()?;
        let length = usize::try_from(self.number(loader + length, width)?).ok()?;
        let name = self.bytes.get(begin..begin.checked_add(length)?)?;
        let name = name.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(name).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(content: &[u8], code: Errno) -> String {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("program");
        fs::write(&path, content).expect("written");
        reason(&path, &io::Error::from_raw_os_error(code as i32))
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let script = told(b"#! /opt/none -x\n", Errno::ENOENT);
        assert!(
            script.contains("interpreter `/opt/none` does not exist"),
            "{script}"
        );
        let windows = told(b"#!/bin/sh\r\necho\r\n", Errno::ENOENT);
        assert!(
            windows.contains("`/bin/sh\\r`") && windows.contains("CRLF"),
            "{windows}"
        );
        let closed = told(b"#!/bin/sh\n", Errno::EACCES);
        assert!(
            closed.ends_with("Permission denied (os error 13)"),
            "{closed}"
        );
        let text = told(b"hello", Errno::ENOEXEC);
        assert!(text.contains("neither a script"), "{text}");
        let marked = told(b"\xef\xbb\xbf#!/bin/sh\n", Errno::ENOEXEC);
        assert!(marked.contains("byte order mark"), "{marked}");
        let exe = told(b"MZ\x90", Errno::ENOEXEC);
        assert!(exe.contains("for Windows"), "{exe}");
    }

    #[test]
    fn a_program_for_another_machine_or_system_says_so() {
        let itself = fs::read(std::env::current_exe().expect("this program")).expect("read");
        let mut other = itself[..4096].to_vec();
        other[18..20].copy_from_slice(&243_u16.to_le_bytes());
        let text = told(&other, Errno::ENOEXEC);
        let wanted = format!("a program for riscv64, and this machine is {ARCH}");
        assert!(text.contains(&wanted), "{text}");
        let text = told(&itself, Errno::ENOENT);
        assert!(
            text.contains("its loader `/") && text.contains("ld-"),
            "{text}"
        );
    }
}
