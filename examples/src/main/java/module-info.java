/// The command line and example programs.
module org.sfumato.examples {
    requires org.sfumato.models;
}
