package org.sfumato.models.hub;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The files of a repository at one commit.
///
/// @param commit that a branch or tag pointed to when it was asked
public record Snapshot(Repository repository, String commit, List<RemoteFile> files) {

    /// Only the files whose name some pattern of `include` matches, or all if there is none, and none of `exclude`.
    /// `*` stands for any characters, `/` among them, `?` for one, `[abc]` and `[!abc]` for one of these or another; a
    /// pattern that ends in `/` means all below. These are the rules of the official client.
    public Snapshot only(List<String> include, List<String> exclude) {
        var wanted = include.stream().map(Snapshot::pattern).toList();
        var unwanted = exclude.stream().map(Snapshot::pattern).toList();
        return new Snapshot(repository, commit, files.stream()
                .filter(file -> wanted.isEmpty() || wanted.stream().anyMatch(p -> p.matcher(file.name()).matches()))
                .filter(file -> unwanted.stream().noneMatch(p -> p.matcher(file.name()).matches())).toList());
    }

    /// The sum of the sizes.
    public long bytes() {
        return files.stream().mapToLong(RemoteFile::size).sum();
    }

    private static Pattern pattern(String glob) {
        var text = glob.endsWith("/") ? glob + "*" : glob;
        var regex = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int end = c == '[' ? text.indexOf(']', i + (text.startsWith("[!", i) ? 3 : 2)) : -1;
            if (end > 0) {
                boolean not = text.charAt(i + 1) == '!';
                regex.append(not ? "[^" : "[").append(set(text.substring(not ? i + 2 : i + 1, end))).append(']');
                i = end;
            } else {
                regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    /// The inside of brackets, where only `-` means something.
    private static String set(String inside) {
        return inside.chars().mapToObj(c -> c == '-' || Character.isLetterOrDigit(c) ? Character.toString(c)
                : "\\" + Character.toString(c)).collect(Collectors.joining());
    }
}
