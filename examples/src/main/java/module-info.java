/// The command line and example programs.
module org.sfumato.examples {
    requires transitive org.sfumato.models;
    requires info.picocli;
    requires java.logging;
    requires jdk.jshell;
    requires jdk.management;
    requires tools.jackson.databind;

    exports org.sfumato.examples;

    uses org.sfumato.cli.Subcommand;

    opens org.sfumato.cli to info.picocli;
}
