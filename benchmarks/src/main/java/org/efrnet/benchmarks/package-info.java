/** How long the stages in Java take, by JMH. */
package org.efrnet.benchmarks;
