/// Text as training data: files, tokens, windows, and how well counting alone predicts them.
package org.sfumato.models.data;
