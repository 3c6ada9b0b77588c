//! The little of the ELF format that tells a static program from a dynamic one.

use anyhow::Context;

/// Program header type of the path of the dynamic loader (`PT_INTERP`).
const INTERPRETER: u32 = 3;

/// Whether a 64-bit little-endian ELF program asks the kernel for a dynamic loader.
pub(super) fn needs_interpreter(file: &[u8]) -> anyhow::Result<bool> {
    anyhow::ensure!(file.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF file");
    let first = usize::try_from(u64::from_le_bytes(field(file, 0x20)?))?;
    let size = usize::from(u16::from_le_bytes(field(file, 0x36)?));
    let count = usize::from(u16::from_le_bytes(field(file, 0x38)?));
    for index in 0..count {
        if u32::from_le_bytes(field(file, first + index * size)?) == INTERPRETER {
            return Ok(true);
        }
    }
    Ok(false)
}

fn field<const N: usize>(file: &[u8], offset: usize) -> anyhow::Result<[u8; N]> {
    file.get(offset..).and_then(|rest| rest.first_chunk()).copied().context("the ELF header is cut off")
}

#[cfg(test)]
mod tests {
    use super::needs_interpreter;

    /// A header and one program header of the given type, and nothing else.
    fn program(header_type: u32) -> Vec<u8> {
        let mut file = vec![0; 0x40];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[0x20] = 0x40;
        file[0x36] = 56;
        file[0x38] = 1;
        file.extend(header_type.to_le_bytes());
        file
    }

    #[test]
    fn tells_static_from_dynamic() {
        assert!(needs_interpreter(&program(3)).unwrap());
        assert!(!needs_interpreter(&program(1)).unwrap());
    }

    #[test]
    fn refuses_what_is_no_program() {
        assert!(needs_interpreter(b"#!/bin/sh").is_err());
        assert!(needs_interpreter(&program(1)[..0x30]).is_err());
    }
}
