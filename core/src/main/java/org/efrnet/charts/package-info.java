/**
 * Line charts as SVG text and as pictures, and bubble charts as SVG text.
 *
 * <p>A {@link org.efrnet.charts.LineChart} is a description. It is laid out once, in units that are
 * pixels of an unscaled page, and drawn with one of two pens: one writes SVG, which a page shows
 * crisp, in light and in dark, and one colours pixels with the project's own font. (A chart library
 * such as XChart draws its texts with AWT, which needs fonts installed.)
 *
 * <p>What a chart's axes, ticks and legend need to know is apart from what is drawn between them,
 * so that other kinds of chart can share both.
 */
package org.efrnet.charts;
