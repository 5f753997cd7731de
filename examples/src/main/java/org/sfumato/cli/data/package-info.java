/// Commands about files: to fetch and prepare data, to inspect them, to exchange models with a hub.
package org.sfumato.cli.data;
