package org.sfumato.tensor.spi;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/// Asks the system for pages of 2 MiB in place of 4 KiB: a processor looks up far fewer of them when it reads or writes
/// more than its caches hold, and the system brings them in faster.
///
/// Linux gives them unasked, never, or where a program says so (`madvise`); only the last is what this class is for.
/// Elsewhere, and on a Linux whose huge pages have another size, [#ALIGNMENT] is 0 and nothing is asked. Source:
/// madvise(2), Documentation/admin-guide/mm/transhuge.rst in the kernel.
final class HugePages {
    private static final Path SETTINGS = Path.of("/sys/kernel/mm/transparent_hugepage");
    private static final long SIZE = 2 << 20;
    private static final long PAGE = 4 << 10;               // of a system whose huge pages are of that size
    private static final int HUGEPAGE = 14;                 // MADV_HUGEPAGE of asm-generic/mman-common.h
    private static final int DONTNEED = 4;                  // MADV_DONTNEED

    /// What memory must be aligned to that is to lie in huge pages; 0 where there is nothing to ask for.
    static final long ALIGNMENT = areToBeAsked() ? SIZE : 0;

    private HugePages() { }

    private static boolean areToBeAsked() {
        try {
            return Files.readString(SETTINGS.resolve("enabled")).contains("[madvise]")
                    && Files.readString(SETTINGS.resolve("hpage_pmd_size")).strip().equals(Long.toString(SIZE));
        } catch (IOException | SecurityException _) {
            return false;                                   // not Linux, or a kernel without huge pages
        }
    }

    /// The first multiple of [#ALIGNMENT] in `memory`, whose content is of no use, and `size` bytes from there on, in
    /// huge pages as far as whole ones fit. `memory` is larger by [#ALIGNMENT] at least. What it held is zeros
    /// afterwards, or as before where the system refuses.
    static MemorySegment ask(MemorySegment memory, long size) {
        long start = -(-memory.address() & -ALIGNMENT);
        long page = -(-memory.address() & -PAGE);
        long end = memory.address() + memory.byteSize() & -PAGE;
        try {
            if ((int) Advice.MADVISE.invokeExact(start, size & -SIZE, HUGEPAGE) == 0) {
                // Whoever gave us the memory has cleared it, and so filled it with small pages: away with these, and
                // with those around what is used.
                int _ = (int) Advice.MADVISE.invokeExact(page, end - page, DONTNEED);
            }
        } catch (Throwable e) {
            throw new IllegalStateException("madvise: the call failed", e);
        }
        return memory.asSlice(start - memory.address(), size);
    }

    /// Linked at the first use: small programs never need it.
    private static final class Advice {
        static final MethodHandle MADVISE = link();

        @SuppressWarnings("restricted")
        private static MethodHandle link() {
            var linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow("madvise"), FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        }
    }
}
