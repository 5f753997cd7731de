package org.sfumato.testing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Damage to a file: bits turned over, pieces cut out, doubled, swapped, noise put in, and numbers made huge.
public final class Mutations {
    private static final long[] HUGE = {0, 1, -1, 0xFF, 0xFFFF, 0x7FFF_FFFFL, 0xFFFF_FFFFL, 1L << 40, 1L << 62,
        Long.MIN_VALUE, Long.MAX_VALUE};

    private Mutations() { }

    /// `bytes` with up to four pieces of damage.
    public static byte[] of(byte[] bytes, RandomGenerator random) {
        var result = bytes.clone();
        for (int n = random.nextInt(1, 5); n > 0; n--) {
            result = result.length == 0 ? new byte[] {(byte) random.nextInt()} : once(result, random);
        }
        return result;
    }

    private static byte[] once(byte[] bytes, RandomGenerator random) {
        int at = random.nextInt(bytes.length);
        int length = random.nextInt(1, 1 + Math.min(random.nextBoolean() ? 9 : 400, bytes.length - at));
        switch (random.nextInt(8)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt();
            case 2 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 3 -> {
                return spliced(bytes, at, at + length, new byte[0]);
            }
            case 4 -> {
                var noise = new byte[length];
                random.nextBytes(noise);
                return spliced(bytes, at, at, noise);
            }
            case 5 -> {
                return spliced(bytes, at, at, Arrays.copyOfRange(bytes, at, at + length));
            }
            case 6 -> {
                int other = random.nextInt(bytes.length - length + 1);
                var piece = Arrays.copyOfRange(bytes, at, at + length);
                System.arraycopy(bytes, other, bytes, at, length);
                System.arraycopy(piece, 0, bytes, other, length);
            }
            default -> {
                var number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(HUGE[random.nextInt(HUGE.length)]).array();
                int size = Math.min(bytes.length - at, 1 << random.nextInt(4));
                System.arraycopy(number, 0, bytes, at, size);
            }
        }
        return bytes;
    }

    private static byte[] spliced(byte[] bytes, int from, int to, byte[] between) {
        return ByteBuffer.allocate(bytes.length - (to - from) + between.length).put(bytes, 0, from).put(between)
                .put(bytes, to, bytes.length - to).array();
    }
}
