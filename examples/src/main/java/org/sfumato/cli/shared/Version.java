package org.sfumato.cli.shared;

import picocli.CommandLine.IVersionProvider;

/// What `--version` prints: the version in the jar's manifest.
public final class Version implements IVersionProvider {

    /// The version of this jar; `development` for classes outside a jar.
    public static String sfumato() {
        var version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {"sfumato " + sfumato()};
    }
}
