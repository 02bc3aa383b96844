package org.efrnet.metrics;

/**
 * One class's figures.
 *
 * @param name of the class
 * @param iou intersection over union, 0..100; NaN where neither truth nor prediction has the class
 * @param accuracy share of the class's pixels found, 0..100; NaN where the truth has none
 * @param truthPixels pixels whose true class it is
 * @param predictedPixels counted pixels that were given this class
 */
public record ClassScore(
    String name, double iou, double accuracy, long truthPixels, long predictedPixels) {}
