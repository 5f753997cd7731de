/// Files from the network: public data sets, and folders of the Hugging Face hub.
///
/// [org.sfumato.models.hub.Download] gets one file: it goes on where it was stopped, checks the digest at the end, and
/// only then gives the file its name. [org.sfumato.models.hub.Hub] lists the files of a repository at a revision, and
/// [org.sfumato.models.hub.Dataset] those of a data set. [org.sfumato.models.hub.Web] is what both speak through.
package org.sfumato.models.hub;
