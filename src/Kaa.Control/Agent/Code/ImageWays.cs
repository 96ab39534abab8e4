using Kaa.Formats;

namespace Kaa.Control.Agent.Code;

/// <summary>Where the image in the process is entered: by a hook that looks on, and by one that calls its function itself.</summary>
internal readonly record struct ImageWays(Address Probe, Address Wrap);
