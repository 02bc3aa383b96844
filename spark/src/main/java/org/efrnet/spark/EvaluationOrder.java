package org.efrnet.spark;

import org.efrnet.segment.Protocol;

/**
 * What to judge a model on.
 *
 * @param data the data set's folder; every executor sees it at this path
 * @param split a list of it, or lists joined by {@code +}
 * @param protocol how each picture is seen
 * @param byPicture whether the matrix of every picture is kept
 * @param labelling how pictures are labelled
 */
public record EvaluationOrder(
    String data, String split, Protocol protocol, boolean byPicture, Labelling labelling) {}
