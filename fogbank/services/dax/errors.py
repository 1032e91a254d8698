"""DAX's refusals. Codes and statuses are the model's.

The API reference gives codes, not sentences; the sentences follow the model's documentation of each fault, and what users quote.
"""

from __future__ import annotations

from fogbank.kernel.errors import AWSError


def invalid_value(message: str) -> AWSError:
    return AWSError("InvalidParameterValueException", message)


def invalid_combination(message: str) -> AWSError:
    return AWSError("InvalidParameterCombinationException", message)


def reserved(name: str) -> AWSError:
    """Quoted in rebuy-de/aws-nuke#313."""
    return invalid_value(f"{name} is reserved and cannot be modified.")


def invalid_token() -> AWSError:
    return invalid_value("The NextToken is not valid.")


def cluster_not_found(name: str) -> AWSError:
    return AWSError("ClusterNotFoundFault", f"Cluster with id {name} not found.")


def cluster_exists(name: str) -> AWSError:
    return AWSError("ClusterAlreadyExistsFault", f"Cluster with id {name} already exists.")


def cluster_not_available(name: str, status: str) -> AWSError:
    return AWSError("InvalidClusterStateFault", f"Cluster {name} is not in available state. Its state is {status}.")


def too_many_nodes(limit: int) -> AWSError:
    return AWSError("NodeQuotaForClusterExceededFault", f"A cluster cannot have more than {limit} nodes.")


def too_many_nodes_of_customer(limit: int) -> AWSError:
    return AWSError("NodeQuotaForCustomerExceededFault", f"You cannot have more than {limit} nodes.")


def too_many_clusters(limit: int) -> AWSError:
    return AWSError("ClusterQuotaForCustomerExceededFault", f"You cannot have more than {limit} clusters.")


def node_not_found(name: str) -> AWSError:
    return AWSError("NodeNotFoundFault", f"Node {name} not found.")


def parameter_group_not_found(name: str) -> AWSError:
    return AWSError("ParameterGroupNotFoundFault", f"ParameterGroup {name} not found.")


def parameter_group_exists(name: str) -> AWSError:
    return AWSError("ParameterGroupAlreadyExistsFault", f"ParameterGroup {name} already exists.")


def parameter_group_in_use(name: str) -> AWSError:
    return AWSError("InvalidParameterGroupStateFault", f"One or more clusters are using the parameter group {name}.")


def too_many_parameter_groups(limit: int) -> AWSError:
    return AWSError("ParameterGroupQuotaExceededFault", f"You cannot have more than {limit} parameter groups.")


def subnet_group_not_found(name: str) -> AWSError:
    return AWSError("SubnetGroupNotFoundFault", f"SubnetGroup {name} not found.")


def subnet_group_exists(name: str) -> AWSError:
    return AWSError("SubnetGroupAlreadyExistsFault", f"SubnetGroup {name} already exists.")


def subnet_group_in_use(name: str) -> AWSError:
    return AWSError("SubnetGroupInUseFault", f"One or more clusters are using the subnet group {name}.")


def too_many_subnet_groups(limit: int) -> AWSError:
    return AWSError("SubnetGroupQuotaExceededFault", f"You cannot have more than {limit} subnet groups.")


def too_many_subnets(limit: int) -> AWSError:
    return AWSError("SubnetQuotaExceededFault", f"A subnet group cannot have more than {limit} subnets.")


def invalid_subnet(name: str) -> AWSError:
    return AWSError("InvalidSubnet", f"The subnet ID {name} does not exist.")


def invalid_arn(arn: str) -> AWSError:
    return AWSError("InvalidARNFault", f"The ARN {arn} is not the ARN of a DAX cluster.")


def too_many_tags(limit: int) -> AWSError:
    return AWSError("TagQuotaPerResourceExceeded", f"A cluster cannot have more than {limit} tags.")


def tag_not_found(key: str) -> AWSError:
    return AWSError("TagNotFoundFault", f"The tag {key} does not exist.")
