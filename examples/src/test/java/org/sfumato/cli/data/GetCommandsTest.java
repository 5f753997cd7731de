package org.sfumato.cli.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;
import org.sfumato.testing.SharedData;

/// `data get` and `hub get`, from a server on this machine.
class GetCommandsTest {
    private static final String COMMIT = "c".repeat(40);
    /// `git hash-object` of 40,000 times 0123456789abcdef.
    private static final String BIG = "3eeae255cd1ae272d54bb49cf24e0abc1654ee8c";

    @TempDir
    Path folder;

    private final Map<String, byte[]> answers = new TreeMap<>();
    private HttpServer server;
    private String address;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            var bytes = answers.get(exchange.getRequestURI().getPath());
            exchange.sendResponseHeaders(bytes == null ? 404 : 200, bytes == null ? -1 : bytes.length);
            if (bytes != null) {
                exchange.getResponseBody().write(bytes);
            }
            exchange.close();
        });
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        address = "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(String path, String text) {
        answers.put(path, text.getBytes(StandardCharsets.UTF_8));
    }

    /// The ids are what `git hash-object` gives for these files.
    private void offerModel() {
        answer("/api/models/owner/tiny/revision/main", "{\"sha\": \"" + COMMIT + "\"}");
        answer("/api/models/owner/tiny/tree/" + COMMIT, """
                [{"type": "file", "path": "config.json", "size": 3, "oid": "0967ef424bce6791893e9a57bb952f80fd536e93"},
                 {"type": "file", "path": "a/hello", "size": 6, "oid": "ce013625030ba8dba906f756967f9e9ca394464a"}]""");
        answer("/owner/tiny/resolve/" + COMMIT + "/config.json", "{}\n");
        answer("/owner/tiny/resolve/" + COMMIT + "/a/hello", "hello\n");
    }

    @Test
    void aModelComesWithItsFolders() {
        offerModel();
        var to = folder.resolve("tiny");
        var result = Cli.run("hub", "get", "owner/tiny", "--endpoint", address, "--to", to, "--json").succeeds();
        assertThat(to.resolve("config.json")).hasContent("{}\n");
        assertThat(to.resolve("a/hello")).hasContent("hello\n");
        assertThat(result.err()).contains("get", "1/1 kB", "100%");
        assertThat(result.json().path("commit").stringValue()).isEqualTo(COMMIT);
        assertThat(result.json().path("files").intValue()).isEqualTo(2);
        var again = Cli.run("hub", "get", "owner/tiny", "--endpoint", address, "--to", to, "--json").succeeds();
        assertThat(again.json().path("present").intValue()).isEqualTo(2);
    }

    @Test
    void onlyTheFilesAskedFor() {
        offerModel();
        Cli.run("hub", "get", "owner/tiny", "--endpoint", address, "--to", folder, "--include", "*.json").succeeds();
        assertThat(folder.resolve("a")).doesNotExist();
        Cli.run("hub", "get", "owner/tiny", "--endpoint", address, "--to", folder, "--exclude", "*").fails(1,
                "hub: owner/tiny has no such files, of 2");
    }

    @Test
    void whatGoesWrongIsSaidInAFewLines() {
        Cli.run("hub", "get", "owner/none", "--endpoint", address).fails(1, "hub: owner/none");
        Cli.run("hub", "get", "owner/none", "--endpoint", "nowhere").fails(1, "no address of a server");
        Cli.run("hub", "get", "o/n/x", "--endpoint", address).fails(1, "is no name of a repository");
        Cli.run("hub").fails(2, "name what to do: get");
        Cli.run("data", "get", "text9").fails(1, "no data set is named \"text9\"");
        Cli.run("data", "get", "text8", "--mirror", address, "--to", folder).fails(1, "text8.zip");
        answer("/input.txt", "To be");
        Cli.run("data", "get", "tiny-shakespeare", "--mirror", address, "--to", folder).fails(1,
                "offers 5 bytes, expected are 1115394");
        server.stop(0);
        Cli.run("hub", "get", "owner/tiny", "--endpoint", "http://nowhere.invalid").fails(1,
                "cannot reach nowhere.invalid");
    }

    @Test
    void dataOfTheRightDigestIsKept() throws IOException {
        var bytes = Files.readAllBytes(SharedData.require("text-tinyshakespeare/input.txt"));
        answers.put("/m/input.txt", bytes);
        var result = Cli.run("data", "get", "tiny-shakespeare", "--mirror", address + "/m/", "--to", folder, "--json");
        result.succeeds();
        assertThat(folder.resolve("input.txt")).hasBinaryContent(bytes);
        assertThat(result.json().path("files").get(0).stringValue()).isEqualTo(folder.resolve("input.txt").toString());
        bytes[5] ^= 1;
        answers.put("/m/input.txt", bytes);
        Cli.run("data", "get", "tiny-shakespeare", "--mirror", address + "/m/", "--to", folder.resolve("other"))
                .fails(1, "damaged or was changed");
        assertThat(folder.resolve("other")).isEmptyDirectory();
    }

    /// The JVM is killed in the middle of a file, as by a power failure.
    @Test
    void whatAKilledProcessLeftGoesOn() throws Exception {
        var content = "0123456789abcdef".repeat(40_000);
        offerModel();
        answer("/api/models/owner/tiny/tree/" + COMMIT, "[{\"type\": \"file\", \"path\": \"big\", \"size\": 640000, "
                + "\"oid\": \"" + BIG + "\"}]");
        var ranges = new CopyOnWriteArrayList<String>();
        var stalled = new CountDownLatch(1);
        server.createContext("/owner/tiny/resolve", exchange -> {
            var range = exchange.getRequestHeaders().getFirst("Range");
            ranges.add(String.valueOf(range));
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
            exchange.getResponseHeaders().add("ETag", "\"" + BIG + "\"");
            exchange.getResponseHeaders().add("Content-Range", "bytes " + from + "-639999/640000");
            exchange.sendResponseHeaders(range == null ? 200 : 206, 640_000 - from);
            var bytes = content.getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseBody().write(bytes, from, range == null ? 300_000 : 640_000 - from);
            exchange.getResponseBody().flush();
            if (range == null) {
                await(stalled);
            }
            exchange.close();
        });
        var to = folder.resolve("tiny");
        var part = to.resolve("big.part");
        var process = Cli.start(folder.resolve("log"), List.of(), "hub", "get", "owner/tiny", "--endpoint", address,
                "--to", to);
        try {
            for (int i = 0; i < 3000 && !(Files.exists(part) && Files.size(part) == 300_000); i++) {
                Thread.sleep(10);
            }
        } finally {
            process.destroyForcibly().waitFor();
            stalled.countDown();
        }
        assertThat(part).hasSize(300_000);
        Cli.run("hub", "get", "owner/tiny", "--endpoint", address, "--to", to).succeeds();
        assertThat(to.resolve("big")).hasContent(content);
        assertThat(part).doesNotExist();
        assertThat(ranges).containsExactly("null", "bytes=300000-");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void allDataSetsAreListed() {
        assertThat(Cli.run("data", "get").succeeds().out()).contains("tiny-shakespeare", "text8", "wikitext-2",
                "wikitext-103", "tiny-stories", "CDLA-Sharing-1.0");
    }
}
