namespace Arm64Vm.Machine;

/// <summary>A folder of the host as a virtio 9P device.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Tag">By which the guest mounts it: 1 to 31 ASCII characters, another one for each share.</param>
/// <param name="ReadOnly">The guest changes nothing in it.</param>
public sealed record ShareConfig(string Path, string Tag, bool ReadOnly = false);
