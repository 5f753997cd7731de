/// Commands about a text model: to generate, trace, complete, fill, score and tokenize text.
package org.sfumato.cli.text;
