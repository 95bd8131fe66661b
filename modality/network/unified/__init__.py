"""The unified worklist over DIMSE and over the web; `modality.network.ups` takes either."""
