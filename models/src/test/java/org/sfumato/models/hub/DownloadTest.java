package org.sfumato.models.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadTest {
    private static final byte[] CONTENT = HubTest.random(500_000);

    @TempDir
    Path folder;

    private final List<Long> heard = new ArrayList<>();
    private FakeHub server;
    private Path target;
    private Path part;

    @BeforeEach
    void start() throws IOException {
        server = new FakeHub();
        server.files.put("file.bin", CONTENT);
        target = folder.resolve("file.bin");
        part = folder.resolve("file.bin.part");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private RemoteFile file() {
        return file(server.endpoint().resolve("/owner/name/resolve/" + FakeHub.COMMIT + "/file.bin"), CONTENT.length);
    }

    private static RemoteFile file(URI address, long size) {
        return new RemoteFile("file.bin", address, size, Optional.of(Checksum.sha256(FakeHub.sha256(CONTENT))));
    }

    private Download.Outcome get(RemoteFile file) throws IOException {
        return get(file, false);
    }

    private Download.Outcome get(RemoteFile file, boolean replace) throws IOException {
        heard.clear();
        try (var web = new Web(HubTest.SHORT, Optional.empty())) {
            return new Download(web, replace, (_, bytes) -> heard.add(bytes)).get(file, folder);
        }
    }

    /// As a process that was killed after `bytes` leaves it.
    private void killedAfter(int bytes, String tag) throws IOException {
        Files.write(part, Arrays.copyOf(CONTENT, bytes));
        Files.writeString(folder.resolve("file.bin.part.etag"), tag);
    }

    private void requireWhole() throws IOException {
        assertThat(target).hasBinaryContent(CONTENT);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
        assertThat(heard).last().isEqualTo((long) CONTENT.length);
    }

    @Test
    void aFileThatIsThereIsNotLoadedAgain() throws IOException {
        assertThat(get(file())).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
        assertThat(get(file())).isEqualTo(Download.Outcome.PRESENT);
        requireWhole();
        assertThat(server.requests).hasSize(1);
    }

    @Test
    void aBrokenConnectionIsTakenUpWhereItBroke() throws IOException {
        server.breakAfter = 200_000;
        assertThat(get(file())).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
        assertThat(server.requests).hasSize(2);
        var second = server.requests.getLast();
        assertThat(second.ifRange()).contains("\"" + FakeHub.blob(CONTENT) + "\"");
        assertThat(Long.parseLong(second.range().orElseThrow().replaceAll("\\D", ""))).isBetween(1L, 200_000L);
    }

    @Test
    void aKilledProcessIsTakenUpByTheNext() throws IOException {
        killedAfter(123_456, "\"" + FakeHub.blob(CONTENT) + "\"");
        assertThat(get(file())).isEqualTo(Download.Outcome.RESUMED);
        requireWhole();
        assertThat(server.requests.getLast().range()).contains("bytes=123456-");
        assertThat(heard).isSorted().first().satisfies(bytes -> assertThat(bytes).isGreaterThan(123_456L));
    }

    @Test
    void aPartThatIsAllOfItIsOnlyChecked() throws IOException {
        killedAfter(CONTENT.length, "\"x\"");
        assertThat(get(file())).isEqualTo(Download.Outcome.RESUMED);
        assertThat(target).hasBinaryContent(CONTENT);
        assertThat(server.requests).isEmpty();
    }

    @Test
    void aPartOfAnotherVersionIsForgotten() throws IOException {
        killedAfter(123_456, "\"another\"");
        assertThat(get(file())).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
        killedAfter(CONTENT.length + 5, "\"" + FakeHub.blob(CONTENT) + "\"");
        Files.delete(target);
        assertThat(get(file())).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
    }

    @Test
    void withoutATagItBeginsAnew() throws IOException {
        server.tags = false;
        server.breakAfter = 200_000;
        assertThat(get(file())).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
        assertThat(server.requests).hasSize(2).allMatch(r -> r.range().isEmpty());
    }

    @Test
    void damagedContentIsNamedAndNotKept() throws IOException {
        var wrong = CONTENT.clone();
        wrong[77] ^= 1;
        server.files.put("file.bin", wrong);
        assertThatThrownBy(() -> get(file())).isInstanceOf(IOException.class).hasMessageContainingAll("file.bin",
                "SHA-256 " + FakeHub.sha256(wrong), FakeHub.sha256(CONTENT), "hint: ");
        assertThat(folder).isEmptyDirectory();
    }

    /// The hub says what a large file hashes to, even to somebody who did not ask.
    @Test
    void theDigestOfTheHubWillDo() throws IOException {
        server.large.add("file.bin");
        var unknown = new RemoteFile("file.bin", file().address(), -1, Optional.empty());
        assertThat(get(unknown)).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
        Files.delete(target);
        killedAfter(1000, "\"" + FakeHub.sha256(CONTENT) + "\"");
        Files.write(part, new byte[1000]);
        assertThatThrownBy(() -> get(unknown)).hasMessageContainingAll(FakeHub.sha256(CONTENT), "damaged");
    }

    @Test
    void anotherFileIsLeftAloneUnlessToldOtherwise() throws IOException {
        Files.writeString(target, "mine");
        assertThatThrownBy(() -> get(file())).hasMessageContainingAll("file.bin is there and differs", "--replace");
        assertThat(target).hasContent("mine");
        assertThat(get(file(), true)).isEqualTo(Download.Outcome.LOADED);
        requireWhole();
    }

    @Test
    void twoProcessesDoNotWriteOneFile() throws IOException {
        try (var other = PartFile.open(target)) {
            other.append(List.of(ByteBuffer.wrap(new byte[] {1})));
            assertThatThrownBy(() -> get(file())).hasMessageContainingAll("is being loaded already", "hint: ");
        }
    }

    @Test
    void whatDoesNotFitOnTheDiskIsNotBegun() {
        assertThatThrownBy(() -> get(file(file().address(), Long.MAX_VALUE / 2)))
                .hasMessageContainingAll("bytes more, the disk has", "hint: ");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void theWantedFileIsTakenOutOfAnArchive() throws IOException {
        var archive = folder.resolve("a.zip");
        try (var zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            for (var name : List.of("other", "file.bin")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(name.equals("other") ? new byte[9] : CONTENT);
            }
        }
        var copy = Files.readAllBytes(archive);
        var wanted = new Unpacked("file.bin", CONTENT.length, Checksum.sha256(FakeHub.sha256(CONTENT)));
        wanted.unpack(archive, target);
        assertThat(archive).doesNotExist();
        assertThat(target).hasBinaryContent(CONTENT);
        assertThat(wanted.is(target)).isTrue();
        Files.write(archive, copy);
        assertThatThrownBy(() -> new Unpacked("none", 1, wanted.checksum()).unpack(archive, folder.resolve("none")))
                .hasMessageContaining("has no file none");
        assertThatThrownBy(() -> new Unpacked("other", 9, wanted.checksum()).unpack(archive, folder.resolve("other")))
                .hasMessageContaining("damaged or was changed");
        assertThat(archive).exists();
    }

    private String failure(HttpHandler handler) throws IOException {
        var odd = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        odd.createContext("/", handler);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            odd.setExecutor(threads);
            odd.start();
            var address = URI.create("http://127.0.0.1:" + odd.getAddress().getPort() + "/file.bin");
            var thrown = catchThrowable(() -> get(file(address, CONTENT.length)));
            assertThat(thrown).isInstanceOf(IOException.class);
            assertThat(target).doesNotExist();
            odd.stop(0);
            threads.shutdownNow();
            return thrown.getMessage();
        }
    }

    @Test
    void anotherSizeIsRefusedAtOnce() throws IOException {
        assertThat(failure(exchange -> {
            exchange.sendResponseHeaders(200, 7);
            exchange.getResponseBody().write(new byte[7]);
            exchange.close();
        })).contains("offers 7 bytes, expected are 500000");
    }

    @Test
    void moreThanAnnouncedIsRefused() throws IOException {
        assertThat(failure(exchange -> {
            exchange.sendResponseHeaders(200, 0);                       // in chunks, without a length
            exchange.getResponseBody().write(new byte[600_000]);
            exchange.close();
        })).contains("sends more than the 500000 bytes");
    }

    @Test
    void theRestOfAnotherFileIsRefused() throws IOException {
        killedAfter(1000, "\"tag\"");
        assertThat(failure(exchange -> {
            exchange.getResponseHeaders().add("Content-Range", "bytes 5-9/10");
            exchange.sendResponseHeaders(206, 5);
            exchange.getResponseBody().write(new byte[5]);
            exchange.close();
        })).contains("file.bin has changed since its beginning was loaded");
    }

    @Test
    void aSilentServerIsGivenUpAndWhatCameIsKept() throws IOException {
        var quick = new Web.Patience(Duration.ofSeconds(1), Duration.ofMillis(60), Duration.ofMillis(1));
        var silent = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor(); var web = new Web(quick, Optional.empty())) {
            silent.setExecutor(threads);
            silent.createContext("/", exchange -> {
                exchange.sendResponseHeaders(200, CONTENT.length);
                exchange.getResponseBody().write(CONTENT, 0, 100_000);
                exchange.getResponseBody().flush();
            });
            silent.start();
            var address = URI.create("http://127.0.0.1:" + silent.getAddress().getPort() + "/file.bin");
            assertThatThrownBy(() -> new Download(web, false, (_, _) -> { }).get(file(address, CONTENT.length), folder))
                    .hasMessageContainingAll("sent nothing for", "100000 bytes are kept", "hint: run it again");
            assertThat(part).hasSize(100_000);
            silent.stop(0);
        }
    }

    @Test
    void aBusyServerIsAskedFiveTimes() throws IOException {
        var asked = new AtomicInteger();
        assertThat(failure(exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
        })).contains("is busy (503)").doesNotContain("kept");
        assertThat(folder).isEmptyDirectory();
        assertThat(asked).hasValue(5);
        assertThat(failure(exchange -> {
            asked.incrementAndGet();
            exchange.getResponseHeaders().add("Retry-After", "3600");
            exchange.sendResponseHeaders(429, -1);
            exchange.close();
        })).contains("is busy (429)", "hint: try again in 3600 s");
        assertThat(asked).hasValue(6);
    }

    @Test
    void oddRedirectsAreRefused() throws IOException {
        for (var target : List.of("ftp://localhost/x", "file:///etc/passwd", "javascript:0", "http://", "a b")) {
            assertThat(failure(exchange -> {
                exchange.getResponseHeaders().add("Location", target);
                exchange.sendResponseHeaders(302, -1);
                exchange.close();
            })).as(target).contains("127.0.0.1 redirects to what is no");
        }
        assertThat(failure(exchange -> {
            exchange.getResponseHeaders().add("Location", "/again");
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
        })).contains("redirects more than 10 times");
    }
}
