/// The command line and example programs.
module org.sfumato.examples {
    requires transitive org.sfumato.models;
    requires info.picocli;
    requires java.logging;
    requires jdk.jshell;
    requires jdk.management;
    requires tools.jackson.databind;

    exports org.sfumato.examples;

    uses org.sfumato.cli.shared.Subcommand;

    opens org.sfumato.cli to info.picocli;
    opens org.sfumato.cli.data to info.picocli;
    opens org.sfumato.cli.experiment to info.picocli;
    opens org.sfumato.cli.latent to info.picocli;
    opens org.sfumato.cli.shared to info.picocli;
    opens org.sfumato.cli.text to info.picocli;
    opens org.sfumato.cli.train to info.picocli;
}
