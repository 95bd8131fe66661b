"""Line integrals through phantoms, and the beam that measures them: for sinograms, localizers and radiographs."""
