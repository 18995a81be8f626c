//! Many short texts in one piece of memory, by number.

/// Texts behind one another.
pub(super) struct Texts {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Texts {
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for one in texts {
            text.push_str(one);
            ends.push(text.len() as u32);
        }
        Self {
            text: text.into(),
            ends: ends.into(),
        }
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from as usize..self.ends[at] as usize]
    }

    /// How many there are for which this is so, when it is so for none behind the first for which it is not.
    pub(super) fn partition_point(&self, holds: impl Fn(&str) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.ends.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if holds(self.get(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&self.ends[..])
    }
}
