//! Following a chunked body to its end, so that the next head is known where
//! it begins. The bytes themselves go on to hyper, which decodes them.

/// Where in a chunked body the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    at: At,
    /// Bytes of size lines, extensions and trailers in a row.
    overhead: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size { size: u64, digits: u8 },
    Extension(u64),
    SizeEnd(u64),
    Data(u64),
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
}

/// The body is not validly chunked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

const START: At = At::Size { size: 0, digits: 0 };

impl Chunks {
    pub(crate) const fn new() -> Self {
        Self { at: START, overhead: 0 }
    }

    /// Goes on over `bytes`: how many belong to this body, and whether it ended.
    pub(crate) fn follow(&mut self, bytes: &[u8], most: usize) -> Result<(usize, bool), Broken> {
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if let At::Data(left) = self.at {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - used);
                used += here;
                self.overhead = 0;
                let left = left - here as u64;
                self.at = if left == 0 { At::DataReturn } else { At::Data(left) };
                continue;
            }
            used += 1;
            self.overhead += 1;
            if self.overhead > most {
                return Err(Broken);
            }
            self.at = match (self.at, byte) {
                (At::LastEnd, b'\n') => return Ok((used, true)),
                (at, byte) => at.next(byte).ok_or(Broken)?,
            };
        }
        Ok((used, false))
    }
}

impl At {
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size { size, digits: 1.. } | Self::Extension(size), b'\r') => Self::SizeEnd(size),
            (Self::Size { size, digits: 1.. }, b';') | (Self::Extension(size), b' '.. | b'\t') => {
                Self::Extension(size)
            }
            (Self::Size { size, digits: digits @ 0..15 }, _) => {
                let digit = char::from(byte).to_digit(16)?;
                Self::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Self::SizeEnd(0) | Self::TrailerEnd, b'\n') => Self::TrailerStart,
            (Self::SizeEnd(size), b'\n') => Self::Data(size),
            (Self::DataReturn, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => START,
            (Self::TrailerStart, b'\r') => Self::LastEnd,
            (Self::Trailer, b'\r') => Self::TrailerEnd,
            (Self::TrailerStart | Self::Trailer, b' '.. | b'\t') => Self::Trailer,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(body: &[u8], step: usize) -> Result<(usize, bool), Broken> {
        let (mut chunks, mut total) = (Chunks::new(), 0);
        for part in body.chunks(step) {
            let (used, done) = chunks.follow(part, 64)?;
            total += used;
            if done {
                return Ok((total, true));
            }
        }
        Ok((total, false))
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let body = b"4;x=\"y\"\r\nwiki\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\nGET";
        for step in 1..body.len() {
            assert_eq!(follow(body, step), Ok((body.len() - 3, true)), "in steps of {step}");
        }
        assert_eq!(follow(b"0\r\n\r\n", 2), Ok((5, true)));
        assert_eq!(follow(b"5\r\nab", 1), Ok((5, false)));
    }

    #[test]
    fn what_servers_read_differently_is_broken() {
        let long = [b"1;".as_slice(), &[b'x'; 64]].concat();
        for body in [
            b"\r\n".as_slice(),
            b"x\r\n",
            b"+4\r\n",
            b"0x4\r\n",
            b" 4\r\n",
            b"4 \r\n",
            b"4\nwiki\r\n",
            b"4\r\nwikix\r\n",
            b"4\r\nwiki\n",
            b"4;a\n",
            b"0\r\n\n",
            b"fffffffffffffffff\r\n",
            &long,
        ] {
            assert_eq!(follow(body, 3), Err(Broken), "{body:?}");
        }
    }
}
