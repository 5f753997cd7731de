package org.sfumato.tokenizers.pipeline;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A precompiled map of SentencePiece: byte strings to what they become, in a double-array trie.
///
/// Layout: the length of the trie in bytes (u32), the trie (units of u32), then the strings that its values point at,
/// each ended by a zero byte; little-endian. Source of the unit's layout: darts-clone.
public final class CharsMap {
    private final int[] units;
    private final byte[] strings;

    private CharsMap(int[] units, byte[] strings) {
        this.units = units;
        this.strings = strings;
    }

    /// Throws [IllegalArgumentException] where `bytes` is no such map.
    public static CharsMap of(byte[] bytes) {
        if (bytes.length == 0) {
            return new CharsMap(new int[0], new byte[0]);
        }
        var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long size = bytes.length < 4 ? -1 : buffer.getInt() & 0xFFFFFFFFL;
        if (size < 0 || size % 4 != 0 || size > bytes.length - 4) {
            throw new IllegalArgumentException("precompiled_charsmap: its trie is " + size + " bytes long, the map "
                    + bytes.length);
        }
        var units = new int[(int) (size / 4)];
        buffer.asIntBuffer().get(units);
        var strings = new byte[bytes.length - 4 - (int) size];
        buffer.position(4 + (int) size).get(strings);
        return new CharsMap(units, strings);
    }

    /// A prefix that the map knows.
    ///
    /// @param length how many bytes
    /// @param becomes what is put for it
    public record Match(int length, String becomes) { }

    /// The longest known prefix of `bytes[from, to)`, or null.
    public Match longest(byte[] bytes, int from, int to) {
        return search(bytes, from, to, true);
    }

    /// The shortest known prefix of `part`, or null: what the original takes, whole or not.
    String shortest(String part) {
        var bytes = part.getBytes(StandardCharsets.UTF_8);
        var match = search(bytes, 0, bytes.length, false);
        return match == null ? null : match.becomes;
    }

    private Match search(byte[] bytes, int from, int to, boolean longest) {
        int found = -1;
        int length = 0;
        int node = 0;
        if (units.length == 0) {
            return null;
        }
        node ^= offset(units[0]);
        for (int i = from; i < to && bytes[i] != 0; i++) {
            int label = bytes[i] & 0xFF;
            node ^= label;
            if (node < 0 || node >= units.length || (units[node] & (1 << 31 | 0xFF)) != label) {
                break;
            }
            int unit = units[node];
            node ^= offset(unit);
            if ((unit >>> 8 & 1) == 1 && node >= 0 && node < units.length) {
                found = units[node] & 0x7FFFFFFF;
                length = i + 1 - from;
                if (!longest) {
                    break;
                }
            }
        }
        return found < 0 || found > strings.length ? null : new Match(length, string(found));
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private String string(int from) {
        int end = from;
        while (end < strings.length && strings[end] != 0) {
            end++;
        }
        return new String(strings, from, end - from, StandardCharsets.UTF_8);
    }
}
