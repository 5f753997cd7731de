package org.sfumato.models.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The digest that the content of a file must have.
///
/// @param kind what is hashed, and how
/// @param hex the digest, in lower case
public record Checksum(Kind kind, String hex) {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]+");
    private static final int CHUNK = 1 << 16;

    /// How a digest is made.
    public enum Kind {
        /// SHA-256 of the content.
        SHA_256("SHA-256", 64),
        /// The object id of git: SHA-1 of `blob SIZE`, a zero byte, and the content.
        GIT_BLOB("SHA-1", 40);

        private final String algorithm;
        private final int length;

        Kind(String algorithm, int length) {
            this.algorithm = algorithm;
            this.length = length;
        }
    }

    /// Throws [IllegalArgumentException] if `hex` is not such a digest.
    public Checksum {
        if (hex.length() != kind.length || !HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("checksum: not a digest of " + kind + ": " + hex);
        }
    }

    /// A SHA-256 of the content.
    public static Checksum sha256(String hex) {
        return new Checksum(Kind.SHA_256, hex);
    }

    /// The digest of `file` of the same kind as this one.
    Checksum of(Path file) throws IOException {
        var digest = digest(Files.size(file));
        try (InputStream in = Files.newInputStream(file)) {
            var chunk = new byte[CHUNK];
            for (int n; (n = in.read(chunk)) > 0;) {
                digest.update(chunk, 0, n);
            }
        }
        return new Checksum(kind, HexFormat.of().formatHex(digest.digest()));
    }

    private MessageDigest digest(long size) {
        try {
            var digest = MessageDigest.getInstance(kind.algorithm);
            if (kind == Kind.GIT_BLOB) {
                digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);                         // every Java platform has both
        }
    }

    /// Such as `SHA-256 86c4e6...`.
    @Override
    public String toString() {
        return (kind == Kind.GIT_BLOB ? "git object id" : kind.algorithm) + " " + hex;
    }
}
