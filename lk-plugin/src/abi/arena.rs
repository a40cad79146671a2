//! Where a writer puts what its structs point to: memory that stays in place until it is reset, and costs no allocation
//! once it is warm.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Room of the first block, in words of 8 bytes: more than a chunk of a chat or an event without many words needs.
const FIRST_WORDS: usize = 64;

/// A place for plain values of any type.
pub(crate) struct Arena {
    /// Where the next value goes: into the last block, as far as words are left in it.
    next: Cell<NonNull<u64>>,
    /// Words that are left.
    left: Cell<usize>,
    // Raw, so that moving the vector says nothing about the pointers that were given out.
    blocks: RefCell<Vec<NonNull<[MaybeUninit<u64>]>>>,
}

impl Default for Arena {
    #[inline]
    fn default() -> Self {
        Self { next: Cell::new(NonNull::dangling()), left: Cell::new(0), blocks: RefCell::default() }
    }
}

// SAFETY: the blocks are owned like boxes, and the pointers into them are given out as raw ones.
unsafe impl Send for Arena {}

impl Arena {
    /// Puts a value, and tells where.
    #[inline(always)]
    pub(crate) fn put<T: Copy>(&self, value: T) -> *const T {
        let place = self.room::<T>(1);
        // SAFETY: `room` gave as much, aligned, to nobody else.
        unsafe { place.write(value) };
        place
    }

    /// Puts values side by side, and tells where.
    pub(crate) fn put_all<T: Copy>(&self, values: impl ExactSizeIterator<Item = T>) -> *const T {
        let length = values.len();
        let place = self.room::<T>(length);
        // An iterator may lie about its length.
        for (index, value) in values.take(length).enumerate() {
            // SAFETY: `room` gave `length` of them, aligned, to nobody else.
            unsafe { place.add(index).write(value) };
        }
        place
    }

    /// Forgets what was put; pointers that were given out are void.
    #[inline]
    pub(crate) fn reset(&mut self) {
        let blocks = self.blocks.get_mut();
        // The last is the largest: it stays.
        if let Some(last) = blocks.last().copied() {
            if blocks.len() > 1 {
                blocks.drain(..blocks.len() - 1).for_each(free);
            }
            self.next.set(last.cast());
            self.left.set(last.len());
        }
    }

    #[inline]
    fn room<T: Copy>(&self, length: usize) -> *mut T {
        const { assert!(align_of::<T>() <= align_of::<u64>(), "the words are too small for this type") };
        // More than memory has when it overflows: no block is that large, where a wrapped product would be a small one.
        let bytes = size_of::<T>().saturating_mul(length);
        self.words(bytes.div_ceil(size_of::<u64>())).cast()
    }

    #[inline]
    fn words(&self, words: usize) -> *mut u64 {
        let Some(left) = self.left.get().checked_sub(words) else { return self.words_of_new_block(words) };
        let place = self.next.get();
        self.left.set(left);
        // SAFETY: so many words are left in the block; before the first block none are, so the step is none.
        self.next.set(unsafe { place.add(words) });
        place.as_ptr()
    }

    #[cold]
    fn words_of_new_block(&self, words: usize) -> *mut u64 {
        let mut blocks = self.blocks.borrow_mut();
        let size = blocks.last().map_or(FIRST_WORDS, |block| block.len() * 2).max(words);
        let block = NonNull::from(Box::leak(vec![MaybeUninit::<u64>::uninit(); size].into_boxed_slice()));
        blocks.push(block);
        // SAFETY: the block has as many words.
        self.next.set(unsafe { block.cast().add(words) });
        self.left.set(size - words);
        block.cast().as_ptr()
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.blocks.get_mut().drain(..).for_each(free);
    }
}

fn free(block: NonNull<[MaybeUninit<u64>]>) {
    // SAFETY: it was leaked from a box, and leaves the list as it comes here.
    drop(unsafe { Box::from_raw(block.as_ptr()) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_stays_where_it_is_until_the_reset() {
        let mut arena = Arena::default();
        for round in 0..3_u64 {
            let one = arena.put(round);
            let bytes = arena.put_all([1_u8, 2, 3].into_iter());
            let large = arena.put_all((0..10_000).map(|number: u32| number + 1));
            let none = arena.put_all(std::iter::empty::<u64>());
            assert!(!none.is_null());
            // SAFETY: put just now.
            unsafe {
                assert_eq!((one.read(), bytes.add(2).read(), large.add(9_999).read()), (round, 3, 10_000));
            }
            arena.reset();
            assert!(arena.blocks.borrow().len() <= 1);
        }
    }
}
