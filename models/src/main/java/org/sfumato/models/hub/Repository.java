package org.sfumato.models.hub;

import java.util.regex.Pattern;

/// A repository of the hub.
///
/// @param kind of models or of data
/// @param id such as `openai-community/gpt2`
public record Repository(Kind kind, String id) {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][\\w.-]*(/[A-Za-z0-9][\\w.-]*)?");
    private static final String DATASETS = "datasets/";

    /// What a repository holds.
    public enum Kind {
        /// A network and its tokenizer.
        MODEL("models/", ""),
        /// A data set.
        DATASET("datasets/", DATASETS);

        private final String api;
        private final String prefix;

        Kind(String api, String prefix) {
            this.api = api;
            this.prefix = prefix;
        }
    }

    /// Throws [IllegalArgumentException] if `id` is no `owner/name`.
    public Repository {
        if (!ID.matcher(id).matches() || id.contains("..") || id.contains("--")) {
            throw new IllegalArgumentException("hub: \"" + id + "\" is no name of a repository\n"
                    + "hint: owner/name, as openai-community/gpt2, or datasets/owner/name");
        }
    }

    /// The model `owner/name`, or the data set `datasets/owner/name`.
    public static Repository parse(String text) {
        return text.startsWith(DATASETS) && text.indexOf('/', DATASETS.length()) > 0
                ? new Repository(Kind.DATASET, text.substring(DATASETS.length())) : new Repository(Kind.MODEL, text);
    }

    /// The last part of its name.
    public String shortName() {
        return id.substring(id.indexOf('/') + 1);
    }

    /// Its place in the hub's interface.
    String api() {
        return "api/" + kind.api + id;
    }

    /// Its place in addresses of pages and files.
    String place() {
        return kind.prefix + id;
    }

    @Override
    public String toString() {
        return place();
    }
}
