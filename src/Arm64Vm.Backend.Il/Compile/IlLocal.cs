namespace Arm64Vm.Backend.Il;

/// <summary>A local variable of a method.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Index">Its number.</param>
internal sealed record IlLocal(Type Type, int Index);
