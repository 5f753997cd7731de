/// Text as training data: files, tokens, windows, and how well counting alone predicts them.
///
/// Start with [org.sfumato.models.data.TextCorpus]: a text cut by position into a part to train and one to validate.
/// [org.sfumato.models.data.Tokens] gives windows, each a pure function of its arguments, without a cursor.
/// [org.sfumato.models.data.NGramEntropy] is what a model must beat.
package org.sfumato.models.data;
