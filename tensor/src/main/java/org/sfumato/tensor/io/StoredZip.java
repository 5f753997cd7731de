package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Where the entries of a zip file lie that are stored as they are, so that they can be read at their place.
/// [java.util.zip.ZipFile] gives streams only, and no places. Checksums are not looked at. Source: PKWARE, APPNOTE.TXT
/// 6.3, sections 4.3.7 to 4.3.16 and 4.5.3.
final class StoredZip {
    /// The bytes of an entry.
    record Entry(String name, long at, long bytes) { }

    private static final int END = 0x06054b50;
    private static final int END_64 = 0x06064b50;
    private static final int LOCATOR_64 = 0x07064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int END_BYTES = 22;
    private static final int CENTRAL_BYTES = 46;
    private static final int LOCAL_BYTES = 30;
    private static final int EXTRA_64 = 1;
    private static final long WIDE = 0xFFFF_FFFFL;
    private static final int ENCRYPTED = 1;

    private final FileBytes file;
    private final Cursor in;

    private StoredZip(FileBytes file, Cursor in) {
        this.file = file;
        this.in = in;
    }

    /// The entries of `file` in the order of their places.
    ///
    /// @throws FormatException if it is no zip file, an entry is compressed or encrypted, or two overlap
    static SequencedMap<String, Entry> read(FileBytes file) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var zip = new StoredZip(file, new Cursor(file, file.map(0, file.size(), arena)));
            return zip.entries();
        }
    }

    private long end() throws FormatException {
        for (long at = file.size() - END_BYTES; at >= Math.max(0, file.size() - END_BYTES - 0xFFFF); at--) {
            in.move(at);
            if (in.i32("the end") == END) {
                in.move(at + END_BYTES - 2);
                if (in.u16("the comment") == file.size() - at - END_BYTES) {
                    return at;
                }
            }
        }
        throw file.wrong("it has no list of entries at its end"
                + "\nhint: the download is incomplete, or it is no zip file");
    }

    private SequencedMap<String, Entry> entries() throws FormatException {
        long end = end();
        in.move(end + 10);
        long count = in.u16("the number of entries");
        long bytes = in.u32("the list of entries");
        long at = in.u32("the list of entries");
        if ((count == 0xFFFF || bytes == WIDE || at == WIDE) && end >= 20) {
            in.move(end - 20);
            if (in.i32("the zip64 locator") == LOCATOR_64) {
                in.skip(4, "the zip64 locator");
                end = in.i64("the zip64 locator");
                in.move(end);
                if (in.i32("the zip64 end") != END_64) {
                    throw file.wrong("its zip64 end is not where it should be");
                }
                in.skip(28, "the zip64 end");
                count = in.i64("the number of entries");
                bytes = in.i64("the list of entries");
                at = in.i64("the list of entries");
            }
        }
        if (at < 0 || bytes < 0 || at > end || bytes > end - at) {
            throw file.wrong("its list of entries, " + bytes + " bytes at " + at + ", does not end before " + end);
        }
        in.move(at);
        int entries = in.count(count, CENTRAL_BYTES, "entries");
        var central = new ArrayList<Entry>();
        for (int i = 0; i < entries; i++) {
            central.add(central());
        }
        if (in.at() > at + bytes) {
            throw file.wrong("its list of entries is longer than it claims");
        }
        return placed(central, at);
    }

    /// An entry of the list; its place is still that of its local header.
    private Entry central() throws FormatException {
        if (in.i32("an entry") != CENTRAL) {
            throw file.wrong("byte " + (in.at() - 4) + " should begin an entry of its list");
        }
        in.skip(4, "an entry");
        int flags = in.u16("the flags");
        int method = in.u16("the method");
        in.skip(8, "an entry");
        long packed = in.u32("the size");
        long bytes = in.u32("the size");
        int nameBytes = in.u16("the name");
        int extra = in.u16("the extra fields");
        int comment = in.u16("the comment");
        in.skip(8, "an entry");
        long at = in.u32("the place");
        var name = in.text(nameBytes, "the name of an entry");
        var quoted = SafetensorsHeader.quoted(name);
        long next = in.at() + extra + comment;
        long[] wide = {bytes, packed, at};
        widen(wide, in.at() + extra);
        in.move(next);
        if (method != 0 || (flags & ENCRYPTED) != 0 || wide[0] != wide[1]) {
            throw file.wrong("the entry " + quoted + " is compressed or encrypted, which PyTorch's are not");
        }
        return new Entry(name, wide[2], wide[0]);
    }

    /// Replaces the values that did not fit 32 bits.
    private void widen(long[] values, long end) throws FormatException {
        while (in.at() + 4 <= end) {
            int id = in.u16("an extra field");
            long next = in.u16("an extra field") + in.at();
            if (id == EXTRA_64) {
                for (int i = 0; i < values.length; i++) {
                    values[i] = values[i] == WIDE ? in.i64("a zip64 field") : values[i];
                }
                return;
            }
            in.move(next);
        }
    }

    private SequencedMap<String, Entry> placed(List<Entry> central, long end) throws FormatException {
        central.sort(Comparator.comparingLong(Entry::at));
        var entries = new LinkedHashMap<String, Entry>();
        for (int i = 0; i < central.size(); i++) {
            var entry = central.get(i);
            var quoted = SafetensorsHeader.quoted(entry.name);
            in.move(entry.at);
            if (in.i32(quoted) != LOCAL) {
                throw file.wrong("the entry " + quoted + " does not begin at " + entry.at);
            }
            in.skip(LOCAL_BYTES - 8, quoted);
            int nameBytes = in.u16(quoted);
            in.skip(in.u16(quoted) + nameBytes, quoted);
            long next = i + 1 < central.size() ? central.get(i + 1).at : end;
            if (entry.bytes < 0 || in.at() > next || entry.bytes > next - in.at()) {
                throw file.wrong("the entry " + quoted + " has " + entry.bytes + " bytes at " + in.at()
                        + ", the next one begins at " + next);
            }
            if (entries.put(entry.name, new Entry(entry.name, in.at(), entry.bytes)) != null) {
                throw file.wrong("the entry " + quoted + " stands twice");
            }
        }
        return entries;
    }
}
