/**
 * What {@code compare} writes: tables, the page, and what does not add up in the paper, all made of
 * one JSON.
 */
package org.efrnet.cli.compare;
