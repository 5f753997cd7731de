/// Commands that compare: kinds of models, ways to decode, to mask, to correct.
package org.sfumato.cli.experiment;
