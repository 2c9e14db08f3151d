namespace Arm64Vm.Machine;

/// <summary>A byte stream between an agent in the guest and the host (QEMU's virtserialport).</summary>
/// <param name="Name">What the guest finds it by, such as <c>org.qemu.guest_agent.0</c>: 1 to 64 printable ASCII characters without a slash, each name once.</param>
/// <param name="Output">Gets what the guest sends; null: it is only kept. Written from a thread of its own, and not disposed.</param>
public sealed record VirtioPortConfig(string Name, Stream? Output = null);
