//! What instances of every kind have: their state, and the functions that all their tables begin and end with.

/// For one kind: `State`, `of`, `instance` (which wants a `VTABLE`), and the functions `capabilities`, `model`, `provider`,
/// `prewarm` and `drop` of that table.
macro_rules! instance {
    ($kind:ident, $vtable:ident, $capabilities:ident) => {
        struct State {
            guard: Guard,
            plugin: Arc<dyn $kind>,
        }

        #[inline]
        pub(in crate::abi) fn instance(plugin: Box<dyn $kind>) -> LkInstance {
            const TABLE: &$vtable = VTABLE;
            let state = guard::keep(State { guard: Guard::default(), plugin: plugin.into() });
            LkInstance { vtable: std::ptr::from_ref(TABLE).cast(), state }
        }

        /// # Safety
        ///
        /// `state` is one of [`instance`], not yet dropped.
        #[inline]
        unsafe fn of<'s>(state: *const c_void) -> &'s State {
            // SAFETY: the caller's promise; the host drops an instance after its last call.
            unsafe { &*state.cast() }
        }

        #[inline]
        unsafe extern "C" fn capabilities(
            state: *const c_void,
            out: *mut $capabilities,
            error: *mut LkOwnedError,
        ) -> u32 {
            // SAFETY: the host's state, and its places for answers. The host's struct is not shorter: its minor is not lower.
            unsafe {
                let State { guard, plugin } = of(state);
                guard.answer(error, || {
                    out.write(plugin.capabilities().record(&Arena::default()));
                    Ok(())
                })
            }
        }

        #[inline]
        unsafe extern "C" fn model(state: *const c_void) -> LkStr {
            // SAFETY: the host's state.
            let State { guard, plugin } = unsafe { of(state) };
            guard.run(|| Ok(str_of(plugin.model()))).unwrap_or(NO_STR)
        }

        #[inline]
        unsafe extern "C" fn provider(state: *const c_void) -> LkStr {
            // SAFETY: the host's state.
            let State { guard, plugin } = unsafe { of(state) };
            guard.run(|| Ok(str_of(plugin.provider()))).unwrap_or(NO_STR)
        }

        #[inline]
        unsafe extern "C" fn prewarm(state: *const c_void) {
            // SAFETY: the host's state.
            let State { guard, plugin } = unsafe { of(state) };
            let _ = guard.run(|| {
                plugin.prewarm();
                Ok(())
            });
        }

        #[inline]
        unsafe extern "C" fn drop(state: *mut c_void) {
            // SAFETY: the host's last call.
            unsafe { guard::drop_state::<State>(state) };
        }
    };
}

pub(super) use instance;
