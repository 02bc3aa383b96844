package org.efrnet.conformance;

import java.util.List;
import org.efrnet.networks.Networks;
import org.efrnet.networks.SegNet;
import org.efrnet.ops.Network;

/**
 * Every network of the project, narrower where its width alone would make tests slow. The oracles
 * have all at full width.
 */
public final class SmallNetworks {
  private SmallNetworks() {}

  /** All of them for so many classes. */
  public static List<Network> all(int classes) {
    return Networks.names().stream().map(name -> of(name, classes)).toList();
  }

  /** The one of that name. */
  public static Network of(String name, int classes) {
    return name.equals("segnet")
        ? new SegNet(name, classes, 8, true)
        : Networks.named(name, classes).orElseThrow();
  }
}
