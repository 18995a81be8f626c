//! Codes as small numbers in the order in which they were first met, so that a set of codes is a
//! few words of bits.

use imbl::{OrdMap, Vector};

use super::bits::Bits;
use crate::domain::Code;

/// The codes that any row ever had.
#[derive(Debug, Clone, Default)]
pub(super) struct Codes {
    numbers: OrdMap<Code, u32>,
    codes: Vector<Code>,
}

impl Codes {
    /// The number of this code, given out when it is new.
    pub(super) fn number(&mut self, code: Code) -> u32 {
        if let Some(number) = self.numbers.get(&code) {
            return *number;
        }
        // There are no more than 110,000 codes.
        let number = self.codes.len() as u32;
        self.numbers.insert(code, number);
        self.codes.push_back(code);
        number
    }

    /// The number of this code, if any row ever had it.
    pub(super) fn find(&self, code: Code) -> Option<u32> {
        self.numbers.get(&code).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn code(&self, number: u32) -> Option<Code> {
        self.codes.get(number as usize).copied()
    }

    /// Those of these codes that any row ever had.
    pub(super) fn set<'a>(&self, codes: impl IntoIterator<Item = &'a Code>) -> CodeSet {
        let mut bits = Bits::empty(self.len());
        let mut list = Vec::new();
        for number in codes.into_iter().filter_map(|code| self.find(*code)) {
            if bits.insert(number) {
                list.push(number);
            }
        }
        CodeSet { bits, list }
    }
}

/// Some codes, to look one up and to go through.
#[derive(Debug, Clone, Default)]
pub(super) struct CodeSet {
    bits: Bits,
    pub(super) list: Vec<u32>,
}

impl CodeSet {
    pub(super) fn contains(&self, number: u32) -> bool {
        self.bits.contains(number)
    }
}
