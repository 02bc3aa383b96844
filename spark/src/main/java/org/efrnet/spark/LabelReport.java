package org.efrnet.spark;

/**
 * What became of a folder's pictures.
 *
 * @param pictures all there are
 * @param before labelled by earlier runs and left alone
 * @param labelled by this run
 * @param failed in this run
 * @param stopped whether the watcher ended the run; then there may be pictures left
 */
public record LabelReport(
    long pictures, long before, long labelled, long failed, boolean stopped) {}
