package org.sfumato.models.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Public data sets, with the digest of each file. Where a digest comes from is said beside it.
public enum Dataset {
    /// 40,000 lines of Shakespeare. The SHA-256 is that of TensorFlow Datasets' list of checksums.
    TINY_SHAKESPEARE("tiny-shakespeare", "plays by Shakespeare, as char-rnn has them", "public domain",
            file("input.txt", "https://raw.githubusercontent.com/karpathy/char-rnn/"
                    + "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt", 1_115_394,
                    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")),

    /// 10^8 characters a to z and blank. The server gives no digest: these are what independent public programs check
    /// the archive and the text within for.
    TEXT8("text8", "10^8 letters and blanks from the Wikipedia of 2006", "GFDL",
            new Part(new RemoteFile("text8.zip", URI.create("http://mattmahoney.net/dc/text8.zip"), 31_344_016,
                    Optional.of(Checksum.sha256("a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232"))),
                    Optional.of(new Unpacked("text8", 100_000_000, Checksum.sha256(
                            "6e890197040d37d85beb962ae1f041ff1d9a9ca8d20c7d99c85027eebf51dca7"))))),

    /// WikiText-2 as it was written, in Parquet. The SHA-256 is the hub's own, of its large-file storage.
    WIKITEXT_2("wikitext-2", "good articles of Wikipedia, 2 million words, raw", "CC BY-SA 3.0 and GFDL",
            wikitext("wikitext-2-raw-v1/train-00000-of-00001.parquet", 6_357_543,
                    "e83889baabc497075506f91975be5fac0d45c5290b6b20582c8cd1e853d0c9f7"),
            wikitext("wikitext-2-raw-v1/validation-00000-of-00001.parquet", 657_209,
                    "204929b7ff9d6184953f867dedb860e40aa69c078fc1e54b3baaa8fb28511c4c"),
            wikitext("wikitext-2-raw-v1/test-00000-of-00001.parquet", 732_610,
                    "5f1bea067869d04849c0f975a2b29c4ff47d867f484f5010ea5e861eab246d91")),

    /// WikiText-103 as it was written, in Parquet; its validation and test parts are those of WikiText-2.
    WIKITEXT_103("wikitext-103", "good articles of Wikipedia, 100 million words, raw", "CC BY-SA 3.0 and GFDL",
            wikitext("wikitext-103-raw-v1/train-00000-of-00002.parquet", 156_987_808,
                    "74da360f23826045b3e6ac6375411fdb15f003030aa74f2596ed08b857cb9212"),
            wikitext("wikitext-103-raw-v1/train-00001-of-00002.parquet", 157_088_770,
                    "ba090ac30dbf5461e8dcbdd1a1b8e6f3cf9c2c756d64f0c1220450acd514f720"),
            wikitext("wikitext-103-raw-v1/validation-00000-of-00001.parquet", 657_209,
                    "204929b7ff9d6184953f867dedb860e40aa69c078fc1e54b3baaa8fb28511c4c"),
            wikitext("wikitext-103-raw-v1/test-00000-of-00001.parquet", 732_610,
                    "5f1bea067869d04849c0f975a2b29c4ff47d867f484f5010ea5e861eab246d91")),

    /// Stories in the words of a small child. The SHA-256 is the hub's own, of its large-file storage.
    TINY_STORIES("tiny-stories", "2 million short stories in simple words", "CDLA-Sharing-1.0",
            tinyStories("TinyStories-train.txt", 1_924_281_556,
                    "c5cf5e22ff13614e830afbe61a99fbcbe8bcb7dd72252b989fa1117a368d401f"),
            tinyStories("TinyStories-valid.txt", 19_447_282,
                    "94e431816c4cce81ff71e4408ff8d3bda9a42e8d2663986697c3954288cb38b4"));

    private final String label;
    private final String description;
    private final String licence;
    private final List<Part> parts;

    Dataset(String label, String description, String licence, Part... parts) {
        this.label = label;
        this.description = description;
        this.licence = licence;
        this.parts = List.of(parts);
    }

    /// A file as it is offered, and what it is unpacked to.
    private record Part(RemoteFile remote, Optional<Unpacked> unpacked) {
        Path result(Path folder) {
            return folder.resolve(unpacked.map(Unpacked::entry).orElse(remote.name()));
        }
    }

    private static Part file(String name, String address, long size, String sha256) {
        return new Part(new RemoteFile(name, URI.create(address), size, Optional.of(Checksum.sha256(sha256))),
                Optional.empty());
    }

    private static Part wikitext(String place, long size, String sha256) {
        return file(place.substring(place.indexOf('/') + 1), Hub.PUBLIC + "/datasets/Salesforce/wikitext/resolve/"
                + "b08601e04326c79dfdd32d625aee71d232d685c3/" + place, size, sha256);
    }

    private static Part tinyStories(String name, long size, String sha256) {
        return file(name, Hub.PUBLIC + "/datasets/roneneldan/TinyStories/resolve/"
                + "f54c09fd23315a6f9c86f9dc80f725de7d8f9c64/" + name, size, sha256);
    }

    /// Its name on the command line.
    public String label() {
        return label;
    }

    /// What it holds, in a few words.
    public String description() {
        return description;
    }

    /// What its makers allow.
    public String licence() {
        return licence;
    }

    /// The files as they are offered.
    public List<RemoteFile> files() {
        return parts.stream().map(Part::remote).toList();
    }

    /// Gets all of it into `folder`, unpacked; files of the hub from `hub`, or everything from `mirror`, a place with
    /// files of the same names. The digests are the same, wherever they come from.
    ///
    /// @return the files
    /// @throws IOException as [Download#get]
    public List<Path> get(Download download, Path folder, URI hub, Optional<URI> mirror) throws IOException {
        for (var part : parts) {
            var result = part.result(folder);
            if (part.unpacked.isEmpty()) {
                download.get(from(part.remote, hub, mirror), folder);
            } else if (!Files.exists(result) || !part.unpacked.get().is(result)) {
                download.get(from(part.remote, hub, mirror), folder);
                part.unpacked.get().unpack(part.remote.under(folder), result);
            }
        }
        return parts.stream().map(part -> part.result(folder)).toList();
    }

    private static RemoteFile from(RemoteFile file, URI hub, Optional<URI> mirror) {
        var address = file.address().toString().replaceFirst("^" + Hub.PUBLIC, hub.toString());
        var from = mirror.map(place -> place.toString().replaceAll("/+$", "") + "/" + file.name()).orElse(address);
        return new RemoteFile(file.name(), URI.create(from), file.size(), file.checksum());
    }
}
